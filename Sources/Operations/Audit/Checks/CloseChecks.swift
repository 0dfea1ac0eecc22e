import Billing
import Ledger
import Services

/// Which account ended where, and which service did what.
extension AuditCheck {
  /// While a close is running, some accounts are unfinished: that is reported, but not as a fault.
  public static func oneEnd(
    _ run: CloseRun, _ tally: MemberTally, isQuiet: Bool
  ) -> AuditFinding {
    var violations = tally.contradicted
    if tally.members != run.expected {
      violations.add("expected \(run.expected) accounts, found \(tally.members)")
    }
    if run.state == .closed { violations.add(tally.unfinished) }
    if isQuiet { violations.add(tally.withoutRetry) }
    let ends = AccountEnd.allCases.compactMap { end in
      tally.ends[end].map { "\($0) \(end.rawValue)" }
    }
    let open = tally.unfinished.total
    var summary = "\(tally.members) accounts: \(ends.joined(separator: ", "))"
    if open > 0 {
      summary += "; \(open) unfinished: \(tally.unfinished.ids.joined(separator: ", "))"
      if open > tally.unfinished.ids.count { summary += ", …" }
    }
    let finding = AuditFinding(.oneEnd, compared: tally.members, summary, violations)
    return open > 0 ? finding.forAttention() : finding
  }

  /// Which service may do what. A kind not listed here is allowed to none.
  private static let authors: [Provenance.Work: [String: ServiceName]] = [
    .transaction: [
      "invoice": .invoicer, "creditApplied": .invoicer, "charge": .charger,
      "payment": .closectl, "creditGrant": .closectl,
      "paymentReversal": .closectl, "creditReversal": .closectl,
    ],
    .decision: [
      "close": .invoicer, "invoice": .invoicer, "charge": .charger, "mail": .mailer,
      "hold": .holder, "lift": .holder, "report": .reporter, "operator": .closectl,
    ],
    .event: eventAuthors,
    .hold: ["placed": .holder, "lifted": .holder],
  ]

  /// By routing key. A message sent to a single service comes from an operator: `dead refresh`.
  private static let eventAuthors: [String: ServiceName] = {
    var authors: [String: ServiceName] = [:]
    for type in EventType.allCases { authors[type.routingKey] = type.sender }
    for service in MonthClose.services { authors[MonthClose.replayKey(of: service)] = .closectl }
    return authors
  }()

  public static func authority(_ all: [Provenance]) -> AuditFinding {
    var violations = Violations()
    for item in all where authors[item.work]?[item.kind]?.rawValue != item.service {
      violations.add(
        "\(item.example): \(item.work.rawValue) \(item.kind) by \(item.service) (\(item.count))")
    }
    let count = all.map(\.count).reduce(0, +)
    return AuditFinding(
      .authority, compared: count,
      "\(count) postings, decisions, events and holds, \(violations.total) kinds by a service "
        + "not allowed to make them", violations)
  }
}
