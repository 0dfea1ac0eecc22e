import Billing
import Ledger

/// Compares gateway and ledger.
extension AuditCheck {
  /// By the gateway's list, not ours.
  public static func oneCharge(_ evidence: ChargeEvidence) -> AuditFinding {
    let taken = evidence.taken
    let byInvoice = Dictionary(grouping: taken.filter { $0.invoice != nil }) { $0.invoice ?? "" }
    let twice = byInvoice.filter { $0.value.count > 1 }.sorted { $0.key < $1.key }
    return AuditFinding(
      .oneCharge, compared: taken.count,
      "\(taken.count) charges at the gateway on \(byInvoice.count) invoices, "
        + "\(twice.count) charged twice",
      Violations(twice.map { "\($0.key): \($0.value.map(\.id).sorted().joined(separator: ", "))" }))
  }

  /// Charge by charge in both directions, then the sums.
  public static func gatewayEqualsLedger(
    _ evidence: ChargeEvidence, isQuiet: Bool
  ) -> AuditFinding {
    var matching = ChargeMatching(evidence)
    matching.findPosted()
    matching.findTaken(isQuiet: isQuiet)
    matching.compareSums()
    var violations = matching.violations
    violations.add(evidence.withoutAttempt)
    var summary =
      "\(matching.posted) charges posted, \(evidence.taken.count) at the gateway: "
      + "\(matching.sums.joined(separator: ", "))"
    if matching.underWay > 0 { summary += "; \(matching.underWay) being settled" }
    if evidence.foreign > 0 { summary += "; \(evidence.foreign) not for an invoice of this ledger" }
    return AuditFinding(
      .gatewayEqualsLedger, compared: matching.posted + evidence.taken.count, summary, violations)
  }

  /// Keys are unique and stored before the charge. A new attempt follows only a failed one, never a
  /// hard decline, and no more often than the card networks allow.
  public static func attempts(_ evidence: ChargeEvidence) -> AuditFinding {
    var violations = Violations()
    var keys: Set<String> = []
    for attempt in evidence.attempts
    where attempt.key.isEmpty || !keys.insert(attempt.key).inserted {
      violations.add("\(attempt.shownName): its key is empty or belongs to another attempt")
    }
    let byInvoice = Dictionary(grouping: evidence.attempts, by: \.invoice)
    for (_, attempts) in byInvoice.sorted(by: { $0.key < $1.key }) {
      for breach in breaches(attempts.sorted { $0.number < $1.number }) { violations.add(breach) }
    }
    let known = Set(evidence.attempts.map(AttemptName.init))
    for charge in evidence.charges {
      guard let invoice = charge.invoice, let number = charge.attempt else { continue }
      if evidence.takenOver.contains(charge.id) { continue }
      if !known.contains(AttemptName(invoice: invoice, number: number)) {
        violations.add("\(charge.id): the ledger has no attempt \(number) on \(invoice)")
      }
    }
    return AuditFinding(
      .attempts, compared: evidence.attempts.count,
      "\(evidence.attempts.count) attempts on \(byInvoice.count) invoices, "
        + "\(evidence.charges.count) calls known to the gateway", violations)
  }

  /// The ledger knows every charge the gateway holds for the period's invoices, by attempt number
  /// or by payment. A ledger restored from a backup may not.
  public static func memory(_ evidence: ChargeEvidence) -> AuditFinding {
    let forgotten = evidence.unknown
    return AuditFinding(
      .memory, compared: evidence.charges.count,
      "\(evidence.charges.count) charges at the gateway for invoices of the period, "
        + "\(forgotten.count) of them unknown to the ledger",
      Violations(
        forgotten.map { charge in
          "\(charge.id): \(charge.amountMinor) \(charge.currency) \(charge.state.rawValue) for "
            + (charge.invoice ?? "")
        }))
  }

  /// Two attempts may be of processes whose clocks differ, by less than the charger allows for.
  private static let clockSeconds: Int64 = 3600

  /// Of one invoice, by number.
  private static func breaches(_ attempts: [AuditedAttempt]) -> [String] {
    var breaches: [String] = []
    for (before, next) in zip(attempts, attempts.dropFirst()) {
      let isOver =
        before.settledAt.map { $0 <= next.createdAt.adding(seconds: clockSeconds) } ?? false
      switch before.state {
      case .declinedSoft where isOver, .lost where isOver: break
      case .declinedHard where isOver && next.isOfAnotherCard(than: before): break
      default: breaches.append("\(next.shownName): made after one that is \(before.state.rawValue)")
      }
    }
    let limit = DecisionTable<ChargeSituation, ChargeAction>.attemptLimit
    for (index, attempt) in attempts.enumerated() where index >= limit {
      if attempts[index - limit].createdAt.adding(days: 30) > attempt.createdAt {
        breaches.append("\(attempt.shownName): more than \(limit) attempts within 30 days")
      }
    }
    return breaches
  }

  /// Every attempt without a known end will be looked at again.
  public static func unknownSettled(
    _ evidence: ChargeEvidence, isQuiet: Bool
  ) -> AuditFinding {
    let unsettled = evidence.attempts.filter(\.state.isUnsettled)
    let left = isQuiet ? unsettled.filter { !$0.hasDueWork } : []
    return AuditFinding(
      .unknownSettled, compared: unsettled.count,
      "\(unsettled.count) attempts without a known end, \(left.count) with no check scheduled",
      Violations(left.map(\.shownName)))
  }
}

extension AuditedAttempt {
  /// Only where both are known.
  func isOfAnotherCard(than other: AuditedAttempt) -> Bool {
    guard let paymentMethod, let before = other.paymentMethod else { return false }
    return paymentMethod != before
  }

  var shownName: String { "\(invoice) attempt \(number)" }
}

/// Finds for each charge on one side the same one on the other.
struct ChargeMatching {
  let evidence: ChargeEvidence
  private(set) var violations = Violations()
  /// Posted charges.
  private(set) var posted = 0
  /// Charged, but not yet posted by an attempt that is still to be settled.
  private(set) var underWay = 0
  private(set) var sums: [String] = []
  private var matched: Set<String> = []

  init(_ evidence: ChargeEvidence) {
    self.evidence = evidence
  }

  /// What was posted was charged: the same payment and amount, and not refunded.
  mutating func findPosted() {
    let byPayment = Dictionary(
      evidence.charges.filter { $0.state == .succeeded }.map { ($0.payment ?? $0.id, $0) }
    ) { first, _ in first }
    for attempt in evidence.attempts {
      guard let posting = attempt.posted else { continue }
      posted += 1
      guard let payment = attempt.gatewayID, let charge = byPayment[payment] else {
        let payment = attempt.gatewayID ?? "no payment"
        violations.add("\(payment): posted for \(attempt.invoice), not at the gateway")
        continue
      }
      matched.insert(charge.id)
      if charge.amountMinor != posting.amountMinor || charge.currency != attempt.currency.code {
        violations.add(
          "\(charge.id): posted \(posting.amountMinor) \(attempt.currency), "
            + "taken \(charge.amountMinor) \(charge.currency)")
      } else if charge.refundedMinor > 0 {
        violations.add(
          "\(charge.id): posted for \(attempt.invoice), but \(charge.refundedMinor) was refunded")
      } else if let invoice = charge.invoice, invoice != attempt.invoice {
        violations.add("\(charge.id): taken for \(invoice), posted for \(attempt.invoice)")
      }
    }
  }

  /// What was charged was posted, or is about to be.
  mutating func findTaken(isQuiet: Bool) {
    let attempts = Dictionary(
      evidence.attempts.map { (AttemptName($0), $0) }, uniquingKeysWith: { first, _ in first })
    for charge in evidence.taken where !matched.contains(charge.id) {
      let name = AttemptName(invoice: charge.invoice ?? "", number: charge.attempt ?? 0)
      let attempt = attempts[name]
      if let attempt, attempt.state.isUnsettled, !isQuiet || attempt.hasDueWork {
        underWay += 1
      } else {
        let state = attempt.map { "its attempt is \($0.state.rawValue)" } ?? "it has no attempt"
        violations.add("\(charge.id): taken for \(name.invoice), not posted, \(state)")
      }
    }
  }

  mutating func compareSums() {
    var ledger: [String: Int64] = [:]
    var gateway: [String: Int64] = [:]
    for attempt in evidence.attempts {
      guard let posting = attempt.posted else { continue }
      ledger[attempt.currency.code, default: 0] += posting.amountMinor
    }
    for charge in evidence.taken {
      gateway[charge.currency, default: 0] += charge.amountMinor - charge.refundedMinor
    }
    for code in Set(ledger.keys).union(gateway.keys).sorted() {
      let (ours, theirs) = (ledger[code] ?? 0, gateway[code] ?? 0)
      if ours == theirs {
        sums.append("\(Self.text(ours, code)) on both sides")
      } else {
        sums.append("\(Self.text(ours, code)) here and \(Self.text(theirs, code)) there")
        if underWay == 0 && violations.isEmpty {
          violations.add("\(code): posted \(ours), taken \(theirs)")
        }
      }
    }
  }

  private static func text(_ amountMinor: Int64, _ code: String) -> String {
    do {
      return "\(Money(amountMinor, try Currency(code)))"
    } catch {
      return "\(amountMinor) minor units of \(code)"  // A stranger's currency is shown bare.
    }
  }
}
