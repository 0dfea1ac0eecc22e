import Billing
import Testing

@testable import simulator

@Suite struct PartsTests {
  @Test func `What a mail is about is read from its message id`() throws {
    let subject = try #require(
      MailSubject(
        messageID: "charge.succeeded=3a2026-11=2fa-10=3a2.receipt@month-close.example"))
    #expect(subject.about == "charge.succeeded:2026-11/a-10:2")
    #expect(subject.kind == .receipt)
    #expect(subject.invoice == "2026-11/a-10")
    #expect(subject.account == "a-10")
    #expect(subject.attempt == 2)
    #expect(MailSubject(messageID: "hello@month-close.example") == nil)
  }

  @Test func `Healed faults do not strike`() {
    let faults = Faults(random: SeededGenerator(seed: 1))
    func strikes() -> Bool {
      (1...1_000).contains { _ in SimulatedFault.allCases.contains { faults.strikes($0) } }
    }
    #expect(strikes())
    faults.isOn = false
    #expect(!strikes())
  }

  @Test func `The clock wakes everybody in order`() async {
    let executor = SimulationExecutor(random: SeededGenerator(seed: 1))
    let timeline = Timeline()
    let trace = Trace(isKept: true)
    for milliseconds: Int64 in [30, 10, 20] {
      executor.start {
        await timeline.sleep(milliseconds: milliseconds)
        trace.add(timeline.now, "") { "\(milliseconds)" }
      }
    }
    executor.drain { false }
    while let next = timeline.nextDue {
      timeline.advance(to: next)
      executor.drain { false }
    }
    #expect(trace.lines.map { $0.suffix(2) } == ["10", "20", "30"])
  }
}
