import Billing
import Ledger

/// Finds for each charge on one side the same one on the other.
struct ChargeMatching {
  let evidence: ChargeEvidence
  private(set) var offenders = Violations()
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
        offenders.add("\(payment): posted for \(attempt.invoice), not at the gateway")
        continue
      }
      matched.insert(charge.id)
      if charge.amountMinor != posting.amountMinor || charge.currency != attempt.currency.code {
        offenders.add(
          "\(charge.id): posted \(posting.amountMinor) \(attempt.currency), "
            + "taken \(charge.amountMinor) \(charge.currency)")
      } else if charge.refundedMinor > 0 {
        offenders.add(
          "\(charge.id): posted for \(attempt.invoice), but \(charge.refundedMinor) was refunded")
      } else if let invoice = charge.invoice, invoice != attempt.invoice {
        offenders.add("\(charge.id): taken for \(invoice), posted for \(attempt.invoice)")
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
        offenders.add("\(charge.id): taken for \(name.invoice), not posted, \(state)")
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
        if underWay == 0 && offenders.isEmpty {
          offenders.add("\(code): posted \(ours), taken \(theirs)")
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
