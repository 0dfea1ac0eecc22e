import Billing
import Broker
import Ledger
import Services

/// A payment that did not arrive, or was someone else's; a credit granted by mistake.
public struct ReversalOrder: Sendable {
  /// `payment` or `creditGrant`.
  public var kind: Transaction.Kind
  public var reference: String
  /// Needed only if an old reference is on several accounts.
  public var account: String?
  public var reason: String

  public init(kind: Transaction.Kind, reference: String, account: String? = nil, reason: String) {
    self.kind = kind
    self.reference = reference
    self.account = account
    self.reason = reason
  }
}

/// What a reversal does, or would do.
public struct ReversalPlan: Sendable, Equatable {
  public var account: String
  public var amount: Money
  /// Invoices that are owed again, and how much of each.
  public var reopened: [String: Int64]
}

public enum ReversalOutcome: Sendable, Equatable {
  case done(ReversalPlan)
  case repeated(String)
  case refused(String)
}

extension Operator {
  /// The posting's entries with the opposite sign, under the same reference, once. Invoices it paid
  /// are open again, with their original grace period. Credit it created is taken from the unused
  /// credit first, then from the invoices it was used on last. No card is charged for it, and no
  /// event is published: the holder learns of an open invoice through its due work.
  public func reverse(
    _ order: ReversalOrder, dryRun: Bool = false
  ) async throws -> ReversalOutcome {
    guard let kind = order.kind.reversal else { return .refused("this cannot be reversed") }
    if order.reason.allSatisfy(\.isWhitespace) { return .refused("a reason is needed") }
    for _ in 0..<LedgerSession.roundLimit {
      let found = try await session.store.incoming(order.kind, reference: order.reference)
        .filter { order.account == nil || $0.account == order.account }
      guard let posting = found.first else {
        return .refused("there is no \(order.kind.word) with reference \(order.reference)")
      }
      if found.count > 1 {
        let accounts = found.map(\.account).joined(separator: ", ")
        return .refused(
          "reference \(order.reference) is on several accounts; name one: \(accounts)")
      }
      if posting.isReversed {
        return .repeated("\(order.kind.word) \(order.reference) has already been reversed")
      }
      let key = FactKey(account: posting.account, invoice: nil)
      guard let facts = try await session.store.facts(for: [key])[0] else {
        return .refused("there is no account \(posting.account)")
      }
      var mirror = ReversalMirror(posting, unusedCreditMinor: facts.creditMinor)
      if mirror.missingMinor > 0 {
        let uses = try await session.store.creditUses(of: posting.account)
        mirror.take(from: uses, try await session.store.invoices(uses.map(\.invoice)))
      }
      if mirror.missingMinor > 0 {
        return .refused(
          "\(Money(mirror.missingMinor, posting.currency)) of it became credit that is no longer "
            + "unused nor on an invoice")
      }
      let invoices = try await session.store.invoices(Array(mirror.reopened.keys))
      let transaction = try Transaction(
        kind: kind, account: posting.account, currency: posting.currency,
        reference: order.reference, entries: mirror.entries)
      let plan = ReversalPlan(
        account: posting.account, amount: Money(posting.amountMinor, posting.currency),
        reopened: mirror.reopened)
      if dryRun { return .done(plan) }
      let change = change(order, plan, transaction, facts, invoices.mapValues(\.facts))
      if case .committed = try await session.commit([change])[0] { return .done(plan) }
    }
    throw ContentionError(items: 1)
  }

  private func change(
    _ order: ReversalOrder, _ plan: ReversalPlan, _ transaction: Transaction,
    _ facts: AccountFacts, _ invoices: [String: InvoiceFacts]
  ) -> Change {
    let now = session.clock.now()
    var writes: [Write] = [.post(transaction)]
    for (id, _) in plan.reopened.sorted(by: { $0.key < $1.key }) {
      guard let invoice = invoices[id] else { continue }
      writes += [
        .oweAgain(account: plan.account, period: invoice.period),
        .schedule(
          DueWork(
            service: .holder, kind: .dueGrace,
            reference: "\(id):reversed:\(facts.position)", account: plan.account, invoice: id,
            dueAt: due(invoice, facts.account, now), causationID: nil)),
      ]
    }
    let open = plan.reopened.sorted { $0.key < $1.key }
      .map { "\(Money($0.value, plan.amount.currency)) of \($0.key)" }
    let rest = open.isEmpty ? "" : "; owed again: \(open.joined(separator: ", "))"
    return Change(
      service: .closectl, messageID: "\(transaction.kind.rawValue):\(order.reference)",
      account: plan.account, expectedPosition: facts.position,
      decision: DecisionRecord(
        rule: "operator.\(transaction.kind.rawValue)", finding: .same,
        explanation: "\(plan.amount) by \(order.reference) reversed: \(order.reason)\(rest)",
        found: facts.snapshot(at: now)),
      writes: writes, at: now)
  }

  /// When the grace period ends, plus an hour for clocks that differ: an invoice checked before its
  /// grace period has ended would not be checked again, because the payment cancelled the check at
  /// its end.
  private func due(_ invoice: InvoiceFacts, _ account: Account, _ now: Instant) -> Instant {
    max(invoice.issuedAt.adding(days: account.holdAfterDays).adding(seconds: 3600), now)
  }
}

/// The entries that reverse a posting.
struct ReversalMirror {
  private(set) var entries: [Entry] = []
  /// Receivables that are owed again, by invoice.
  private(set) var reopened: [String: Int64] = [:]
  /// Credit it created that no longer exists.
  private(set) var missingMinor: Int64 = 0

  init(_ posting: IncomingPosting, unusedCreditMinor: Int64) {
    var unused = max(unusedCreditMinor, 0)
    for entry in posting.entries {
      switch (entry.ledgerAccount, entry.invoice) {
      case (.customerCredit, _):
        let granted = -entry.amountMinor
        let taken = min(granted, unused)
        unused -= taken
        if taken > 0 { entries.append(Entry(.customerCredit, taken)) }
        missingMinor += granted - taken
      case (.receivable, let invoice?): reopen(invoice, -entry.amountMinor)
      default: entries.append(Entry(entry.ledgerAccount, -entry.amountMinor))
      }
    }
  }

  /// Never more of an invoice than was paid of it.
  mutating func take(from uses: [CreditUse], _ invoices: [String: IssuedInvoice]) {
    for use in uses where missingMinor > 0 {
      guard let facts = invoices[use.invoice]?.facts else { continue }
      let paid = facts.totalMinor - facts.openMinor - (reopened[use.invoice] ?? 0)
      let part = min(missingMinor, use.amountMinor, max(paid, 0))
      if part > 0 { reopen(use.invoice, part) }
      missingMinor -= part
    }
  }

  private mutating func reopen(_ invoice: String, _ amountMinor: Int64) {
    reopened[invoice, default: 0] += amountMinor
    entries.append(Entry(.receivable, amountMinor, invoice: invoice))
  }
}

extension Transaction.Kind {
  fileprivate var word: String { self == .creditGrant ? "credit" : "payment" }
}
