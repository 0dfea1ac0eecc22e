import Billing
import Testing

@testable import Services

@Suite struct PartnerPauseTests {
  private static let begin = Instant(milliseconds: 1_000_000)

  private static func at(_ seconds: Int64) -> Instant { begin.adding(seconds: seconds) }

  private func paused(_ heard: PartnerPause.Heard...) -> PartnerPause {
    var pause = PartnerPause()
    for (number, item) in heard.enumerated() {
      pause.heard(item, about: "\(number)", at: Self.begin)
    }
    return pause
  }

  @Test func `A gateway that is away is left alone at once`() {
    var pause = paused(.away(.gatewayUnreachable, "refused"))
    #expect(pause.stop?.reason == .gatewayUnreachable)
    #expect(pause.stop?.until == Self.at(1))
    let isAdmitted = pause.admits("a", at: Self.begin)
    #expect(!isAdmitted && !pause.mayCall(at: Self.begin))
  }

  @Test func `Five attempts without a certain answer pause all others`() {
    let doubt = PartnerPause.Heard.nothingCertain("HTML")
    #expect(paused(doubt, doubt, doubt, .aside, doubt).stop == nil)
    #expect(paused(doubt, doubt, doubt, doubt, .word, doubt).stop == nil)
    #expect(
      paused(doubt, doubt, doubt, doubt, doubt).stop?.why
        == "5 answers in a row were inconclusive: HTML")
  }

  @Test func `One attempt that stays unknown pauses nobody`() {
    var pause = PartnerPause()
    for _ in 1...9 { pause.heard(.nothingCertain("500"), about: "a", at: Self.begin) }
    #expect(pause.stop == nil)
  }

  @Test func `A pause ends with one probe and doubles where that fails`() {
    var pause = paused(.away(.gatewayUnreachable, "refused"))
    var lengths: [Int64] = []
    var now = Self.begin
    for _ in 1...7 {
      now = pause.stop?.until ?? now
      let admitted = (pause.admits("a", at: now), pause.admits("b", at: now))
      #expect(admitted == (true, false), "one call at a time")
      pause.heard(.away(.gatewayUnreachable, "refused"), about: "a", at: now)
      lengths.append(pause.stop?.remaining(at: now).components.seconds ?? 0)
    }
    #expect(lengths == [2, 4, 8, 16, 30, 30, 30])
    now = pause.stop?.until ?? now
    _ = pause.admits("b", at: now)
    pause.heard(.word, about: "b", at: now)
    #expect(pause == PartnerPause())
  }

  /// A server error that is stored with its key is no outage of the gateway.
  @Test func `One attempt that stays unknown as a probe keeps nobody waiting`() {
    let doubt = PartnerPause.Heard.nothingCertain("500")
    var pause = paused(doubt, doubt, doubt, doubt, doubt)
    for key in ["a", "b", "a", "b", "c", "c", "c"] {
      #expect(pause.stop != nil)
      let now = pause.stop?.until ?? Self.begin
      _ = pause.admits(key, at: now)
      pause.heard(doubt, about: key, at: now)
    }
    #expect(pause.stop == nil)
  }

  @Test func `An answer to a call of before neither ends nor doubles a pause`() {
    let pause = paused(.away(.gatewayUnreachable, "refused"))
    var later = pause
    later.heard(.word, about: "z", at: Self.begin)
    later.heard(.away(.gatewayUnreachable, "refused"), about: "y", at: Self.begin)
    #expect(later == pause)
  }

  @Test func `A probe that shows nothing of the partner leaves it to the next one`() {
    var pause = paused(.away(.mailDenied, "554 5.7.1 to RCPT"))
    _ = pause.admits("a", at: Self.at(1))
    pause.heard(.aside, about: "a", at: Self.at(1))
    #expect(pause.stop?.why == "554 5.7.1 to RCPT")
    let admitted = (pause.admits("b", at: Self.at(1)), pause.admits("c", at: Self.at(1)))
    #expect(admitted == (true, false))
  }

  @Test func `No call before the time the gateway names`() {
    var pause = paused(.later(.gatewayBusy, seconds: 90))
    #expect(!pause.mayCall(at: Self.at(89)))
    pause.heard(.later(.gatewayBusy, seconds: 120), about: "b", at: Self.begin)
    #expect(!pause.mayCall(at: Self.at(119)))
    #expect(pause.mayCall(at: Self.at(120)))
  }

  @Test func `A clock that is set back does not hold the gateway up`() {
    #expect(paused(.later(.gatewayBusy, seconds: 90)).mayCall(at: Self.at(-1)))
  }
}
