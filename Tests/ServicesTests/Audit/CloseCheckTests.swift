import Ledger
import Testing

@testable import Operations

@Suite struct CloseCheckTests {
  private static var good: MemberTally {
    var tally = MemberTally()
    tally.members = 2
    tally.finished = 2
    tally.ends = [.paid: 1, .retryScheduled: 1]
    return tally
  }

  private static func with(_ change: (inout MemberTally) -> Void) -> MemberTally {
    var tally = good
    change(&tally)
    return tally
  }

  @Test(arguments: [
    CheckCase("all ended", good),
    CheckCase("one is missing", with { $0.members = 1 }, "expected 2 accounts, found 1"),
    CheckCase("one has no end", with { $0.unfinished.add("b") }, "b"),
    CheckCase("one is paid and owes", with { $0.contradicted.add("a: paid, open 5") }, "a: paid"),
    CheckCase("one waits for a retry that never comes", with { $0.withoutRetry.add("b") }, "b"),
  ])
  func `Every account of a quiet close has one end`(_ item: CheckCase<MemberTally>) {
    expect(AuditCheck.oneEnd(Evidence.run(), item.evidence, isQuiet: true), item)
  }

  @Test func `While a close runs the open accounts are only named`() {
    let finding = AuditCheck.oneEnd(
      Evidence.run(.running), Self.with { $0.unfinished.add("b") }, isQuiet: false)
    #expect(finding.verdict == .attention)
    #expect(finding.summary.contains("1 unfinished: b"))
  }

  @Test(arguments: [
    CheckCase("a charge by the charger", Provenance(.transaction, "charge", "charger")),
    CheckCase(
      "a charge by the mailer", Provenance(.transaction, "charge", "mailer"), "charge by mailer"),
    CheckCase(
      "a kind nobody knows", Provenance(.transaction, "gift", "closectl"), "gift by closectl"),
    CheckCase("a rule of the holder's", Provenance(.decision, "lift", "holder")),
    CheckCase(
      "a rule of another's", Provenance(.decision, "lift", "charger"), "lift by charger"),
    CheckCase("an event of its own", Provenance(.event, "mail.sent", "mailer")),
    CheckCase(
      "an event of another's", Provenance(.event, "close.completed", "charger"),
      "close.completed by charger"),
    CheckCase(
      "a service that does not exist", Provenance(.hold, "placed", "root"), "placed by root"),
  ])
  func `Only the service it is for makes a change`(_ item: CheckCase<Provenance>) {
    expect(AuditCheck.authority([item.evidence]), item)
  }
}

extension Provenance {
  fileprivate init(_ work: Work, _ kind: String, _ service: String) {
    self.init(work, kind: kind, service: service, count: 3, example: "x-1")
  }
}
