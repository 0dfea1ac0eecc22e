import Ledger
import Testing

@testable import Operations

@Suite struct MailCheckTests {
  private static func evidence(
    _ recorded: [AuditedMail], _ delivered: [String]?, others: Set<String> = []
  ) -> MailEvidence {
    MailEvidence(recorded: recorded, delivered: delivered, ofOtherPeriods: others)
  }

  private static let one = [Evidence.mail("a")]

  @Test(arguments: [
    CheckCase("delivered once", evidence(one, ["a"])),
    CheckCase("nobody looked", evidence(one, nil)),
    CheckCase(
      "recorded twice", evidence([Evidence.mail("a"), Evidence.mail("a")], nil),
      "a: recorded twice"),
    CheckCase("delivered twice", evidence(one, ["a", "a"]), "a: delivered 2 times"),
    CheckCase(
      "delivered twice, and counted so",
      evidence([Evidence.mail("a", isResent: true)], ["a", "a"])),
    CheckCase(
      "sent and not there", evidence(one, []),
      "a: sent according to the ledger, but not delivered"),
    CheckCase("intended and not there", evidence([Evidence.mail("a", .intended)], [])),
    CheckCase("intended and there", evidence([Evidence.mail("a", .intended)], ["a"])),
    CheckCase(
      "suppressed and there", evidence([Evidence.mail("a", .suppressed)], ["a"]),
      "the ledger says suppressed"),
    CheckCase(
      "refused and there", evidence([Evidence.mail("a", .refused)], ["a"]), "says refused"),
    CheckCase(
      "nobody's mail", evidence(one, ["a", "x"]), "x: delivered, but the ledger has no such"),
    CheckCase("a mail of last month", evidence(one, ["a", "x"], others: ["x"])),
  ])
  func `What was delivered is what was sent`(_ item: CheckCase<MailEvidence>) {
    expect(AuditCheck.mail(item.evidence), item)
  }
}
