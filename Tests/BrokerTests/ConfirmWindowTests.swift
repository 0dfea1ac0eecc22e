import Testing

@testable import Broker

@Suite("The confirm window")
struct ConfirmWindowTests {
  private func filled(_ messages: [String]) -> ConfirmWindow<String> {
    var window = ConfirmWindow<String>()
    for message in messages { window.add(message) }
    return window
  }

  private func confirm(
    _ window: inout ConfirmWindow<String>, _ tag: UInt64, multiple: Bool = false,
    taken: Bool = true
  ) -> [String] {
    var done: [String] = []
    window.confirm(tag: tag, multiple: multiple, taken: taken) { message, result in
      done.append("\(message) \(result)")
    }
    return done
  }

  @Test
  func `Single confirms in any order, each once`() {
    var window = filled(["a", "b", "c"])
    #expect(confirm(&window, 2) == ["b confirmed"])
    #expect(confirm(&window, 2) == [])
    #expect(confirm(&window, 1) == ["a confirmed"])
    #expect(confirm(&window, 3, taken: false) == ["c refused"])
    #expect(window.count == 0)
  }

  @Test
  func `A multiple confirm is for all up to its tag that are open`() {
    var window = filled(["a", "b", "c", "d"])
    _ = confirm(&window, 2)
    #expect(confirm(&window, 3, multiple: true) == ["a confirmed", "c confirmed"])
    #expect(window.count == 1)
    window.add("e")
    #expect(confirm(&window, 5, multiple: true, taken: false) == ["d refused", "e refused"])
  }

  @Test
  func `Tags never given, and tags long done, are ignored`() {
    var window = filled(["a"])
    #expect(confirm(&window, 0, multiple: true) == [])
    #expect(confirm(&window, 2, multiple: true) == [])
    #expect(confirm(&window, 1) == ["a confirmed"])
    #expect(confirm(&window, 1, multiple: true) == [])
  }

  @Test
  func `A return counts instead of its confirm; two returns are two messages`() {
    var window = filled(["a", "b", "a"])
    let back = PublishResult.returned(code: 312, text: "NO_ROUTE")
    window.markReturned(back) { $0 == "a" }
    window.markReturned(back) { $0 == "a" }
    window.markReturned(back) { $0 == "none" }
    #expect(
      confirm(&window, 3, multiple: true) == ["a \(back)", "b confirmed", "a \(back)"])
  }

  @Test
  func `When one of several copies returns, no other counts as confirmed`() {
    var window = filled(["a", "a", "b"])
    let back = PublishResult.returned(code: 312, text: "NO_ROUTE")
    window.markReturned(back) { $0 == "a" }
    let doubtful = PublishResult.unknown("this message, or a copy of it, came back")
    #expect(confirm(&window, 2) == ["a \(doubtful)"])
    #expect(confirm(&window, 3, multiple: true) == ["a \(back)", "b confirmed"])
  }

  @Test
  func `What has waited longest is known, whatever else is confirmed`() {
    var window = ConfirmWindow<String>()
    let begun = ContinuousClock.now
    #expect(window.waitingSince == nil)
    for (second, message) in ["a", "b", "c"].enumerated() {
      window.add(message, at: begun + .seconds(second))
    }
    _ = confirm(&window, 2)
    #expect(window.waitingSince == begun)
    _ = confirm(&window, 1)
    #expect(window.waitingSince == begun + .seconds(2))
  }

  @Test
  func `Thousands pass without the window growing; a new channel begins at 1`() {
    var window = ConfirmWindow<String>()
    for number in 1...10_000 {
      window.add("\(number)")
      if number > 3 {
        #expect(confirm(&window, UInt64(number - 3)) == ["\(number - 3) confirmed"])
      }
    }
    #expect(window.removeAll() == ["9998", "9999", "10000"])
    window.add("new")
    #expect(confirm(&window, 1) == ["new confirmed"])
  }
}
