import Testing

@testable import closectl

@Suite struct LiveScreenTests {
  private func output(_ text: Text, isTerminal: Bool) -> Output {
    Output(
      print: { _ in }, note: text.add, isTerminal: isTerminal, noteIsTerminal: isTerminal,
      environment: [:])
  }

  @Test func `On a terminal lines are drawn over the old ones`() {
    let text = Text()
    let screen = LiveScreen(output(text, isTerminal: true), size: { (6, 3) })
    screen.show(["one", "a long line"], brief: "brief")
    #expect(text.all == "\u{1b}[Kone\n\u{1b}[Ka lon\n\u{1b}[J")
    screen.show(["two"], brief: "brief")
    #expect(text.all.hasSuffix("\u{1b}[2A\r\u{1b}[Ktwo\n\u{1b}[J"))
    screen.show(["a", "b", "c", "d"], brief: "brief")
    #expect(text.all.hasSuffix("\u{1b}[1A\r\u{1b}[Ka\n\u{1b}[Kb\n\u{1b}[J"))
    screen.finish()
    #expect(text.all.hasSuffix("\u{1b}[2A\r\u{1b}[J"))
  }

  @Test func `Elsewhere a line is printed now and then`() {
    let text = Text()
    let screen = LiveScreen(output(text, isTerminal: false))
    screen.show(["one"], brief: "first")
    screen.show(["two"], brief: "second")
    screen.finish()
    #expect(text.all == "first\n")
  }
}
