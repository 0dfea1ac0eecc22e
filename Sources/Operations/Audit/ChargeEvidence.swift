import Billing
import Ledger
import Payments

/// The charges of one period, as the ledger and as the gateway have them.
public struct ChargeEvidence: Sendable, Equatable {
  public var attempts: [AuditedAttempt]
  /// Those about the period's invoices, failed ones too.
  public var charges: [GatewayCharge]
  /// Charges at the gateway that name no invoice of this ledger.
  public var foreign: Int
  public var withoutAttempt: Violations
  /// Charges not made by an attempt, but recorded as taken over.
  public var takenOver: Set<String> = []

  public init(
    attempts: [AuditedAttempt], charges: [GatewayCharge], foreign: Int = 0,
    withoutAttempt: Violations = Violations()
  ) {
    self.attempts = attempts
    self.charges = charges
    self.foreign = foreign
    self.withoutAttempt = withoutAttempt
  }

  /// Charges not made by any attempt, by number or by payment.
  var unknown: [GatewayCharge] {
    let names = Set(attempts.map(AttemptName.init))
    let payments = Set(attempts.compactMap(\.gatewayID))
    return charges.filter { charge in
      guard let invoice = charge.invoice else { return false }
      if payments.contains(charge.payment ?? charge.id) { return false }
      if takenOver.contains(charge.id) { return false }
      return !names.contains(AttemptName(invoice: invoice, number: charge.attempt ?? 0))
    }
  }

  var taken: [GatewayCharge] { charges.filter(\.isTaken) }

  /// Whatever was posted before the gateway was read must be there. Whatever the gateway has is
  /// looked up once more among the entries posted meanwhile.
  static func read(_ period: Period, _ sources: AuditSources) async throws -> ChargeEvidence {
    let before = try await sources.ledger.auditedAttempts(period)
    let known = Set(before.compactMap(\.gatewayID))
    var evidence = ChargeEvidence(attempts: before, charges: [])
    evidence.withoutAttempt = try await sources.ledger.chargesWithoutAttempt()
    // From the calendar, never from the ledger: a restored one would leave out what it forgot.
    let since = min(period.firstPossibleCharge, sources.clock.now())
    var after: String?
    while true {
      let page = try await sources.charges(since, after)
      for charge in page.charges { evidence.add(charge, of: period, known) }
      guard page.hasMore, let last = page.charges.last else { break }
      after = last.id
    }
    evidence.takeOver(try await sources.ledger.auditedAttempts(period))
    try await evidence.read(decisionsIn: sources.ledger)
    return evidence
  }

  private mutating func read(decisionsIn ledger: LedgerStore) async throws {
    let open = unknown
    var foreign: Set<String> = []
    for start in stride(from: 0, to: open.count, by: 500) {
      let page = Array(open[start..<min(start + 500, open.count)])
      for (charge, memory) in zip(page, try await ledger.remembered(page.map(\.name))) {
        switch memory.decision {
        case .takenOver: takenOver.insert(charge.id)
        case .foreign: foreign.insert(charge.id)
        case nil: break
        }
      }
    }
    self.foreign += foreign.count
    charges.removeAll { foreign.contains($0.id) }
  }

  private mutating func add(_ charge: GatewayCharge, of period: Period, _ known: Set<String>) {
    if let invoice = charge.invoice {
      if invoice.hasPrefix("\(period)/") { charges.append(charge) }
    } else if let payment = charge.payment, known.contains(payment) {
      charges.append(charge)
    } else {
      foreign += 1
    }
  }

  /// If an attempt was settled while the gateway was read, its later state counts, unless its
  /// charge was made too late to be in the list.
  private mutating func takeOver(_ later: [AuditedAttempt]) {
    let listed = Set(charges.compactMap(\.payment))
    let earlier = Dictionary(attempts.map { (AttemptName($0), $0) }) { first, _ in first }
    attempts = later.compactMap { attempt in
      let before = earlier[AttemptName(attempt)]
      if before?.posted != nil || attempt.posted == nil { return attempt }
      return attempt.gatewayID.map(listed.contains) == true ? attempt : before
    }
  }
}

/// An attempt, identified by the metadata of its charge.
struct AttemptName: Hashable {
  var invoice: String
  var number: Int

  init(invoice: String, number: Int) {
    self.invoice = invoice
    self.number = number
  }

  init(_ attempt: AuditedAttempt) {
    self.init(invoice: attempt.invoice, number: attempt.number)
  }
}
