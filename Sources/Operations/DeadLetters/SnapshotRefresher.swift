import Billing
import Ledger
import Services

/// The only way to edit a dead letter: the same event about the same thing, with a current snapshot
/// from the ledger. Every amount in it comes from the ledger.
public struct SnapshotRefresher: Sendable {
  let store: LedgerStore
  let clock: LedgerClock

  public init(store: LedgerStore, clock: LedgerClock) {
    self.store = store
    self.clock = clock
  }

  /// Why a letter cannot be refreshed.
  public enum Refusal: Error, Equatable, CustomStringConvertible {
    case unreadable(String)
    /// A new snapshot would make an event of it.
    case notCommitted(String)
    case noSnapshot(String)
    case unknownAccount(String)
    case unknownInvoice(String)
    case unknownAttempt(invoice: String, number: Int)
    case unknownPayment(String)
    case mailBegun(String)
    case outran

    public var description: String {
      switch self {
      case .unreadable(let why): "its body is not a message: \(why)"
      case .notCommitted(let why): "it was never committed: \(why)"
      case .noSnapshot(let type): "\(type) carries no snapshot to renew"
      case .unknownAccount(let id): "the ledger has no account \(id)"
      case .unknownInvoice(let id): "the ledger has no invoice \(id) of that account"
      case .unknownAttempt(let invoice, let number):
        "the ledger has no attempt \(number) on invoice \(invoice)"
      case .unknownPayment(let reference): "the ledger has no posting with reference \(reference)"
      case .mailBegun(let id):
        "a mail about \(id) was started; under another id it could be sent twice: replay it instead"
      case .outran: "the account kept changing; try again"
      }
    }
  }

  /// `invoice.issued:2026-11/a~refreshed-2`
  public func newID(for letter: DeadLetter) async throws -> String {
    let base = letter.messageID.firstRange(of: Event.refreshedSuffix).map {
      String(letter.messageID[..<$0.lowerBound])
    }
    let stem = base ?? letter.messageID
    var number = 1
    var id: String { "\(stem)\(Event.refreshedSuffix)\(number)" }
    while try await isTaken(id) { number += 1 }
    return id
  }

  /// Also by an event of an account whose id ends like this.
  private func isTaken(_ id: String) async throws -> Bool {
    if try await store.event(id) != nil { return true }
    return try await !store.answered([Self.answerID(id)], by: .closectl).isEmpty
  }

  /// The event as it would be, or why there can be none. Writes nothing.
  public func event(_ letter: DeadLetter, as id: String) async throws -> (
    event: Event, facts: AccountFacts
  ) {
    let old: Event
    do { old = try letter.event() } catch { throw Refusal.unreadable(error.description) }
    try await checkCommitted(letter)
    guard let believed = old.data.snapshot else { throw Refusal.noSnapshot(old.type.rawValue) }
    let key = FactKey(account: believed.account, invoice: believed.invoice?.id)
    guard let facts = try await store.facts(for: [key])[0] else {
      throw Refusal.unknownAccount(believed.account)
    }
    if let invoice = key.invoice, facts.invoice == nil { throw Refusal.unknownInvoice(invoice) }
    try await checkMails(letter, old)
    let now = clock.now()
    var new = old
    new.id = id
    new.source = "/\(ServiceName.closectl.rawValue)"
    new.time = now
    new.causationid = old.id
    new.refreshof = old.id
    new.data.snapshot = facts.snapshot(at: now)
    try await takeAmounts(of: old, facts, into: &new)
    return (new.traced(after: old), facts)
  }

  /// Commits the event as this tool's, for the one service whose letter it was; repeating it finds
  /// the same event. It is published by the caller or by the holder's relay, whichever comes first.
  /// `nil` if its publication is already recorded.
  func commit(_ letter: DeadLetter, as id: String) async throws -> StoredEvent? {
    for _ in 0..<LedgerSession.roundLimit {
      let (event, facts) = try await event(letter, as: id)
      var outgoing = try event.outgoing()
      outgoing.routingKey = MonthClose.replayKey(of: letter.service)
      let change = Change(
        service: .closectl, messageID: Self.answerID(id), account: facts.account.id,
        expectedPosition: facts.position,
        decision: DecisionRecord(
          rule: "operator.refresh", finding: .material,
          explanation: "dead letter \(letter.id) of \(letter.service.rawValue) has a new snapshot",
          believed: try letter.event().data.snapshot, found: event.data.snapshot),
        events: [outgoing], at: event.time)
      switch try await store.commit([change], published: [])[0] {
      case .committed(let events), .alreadyDone(let events): return events.first
      case .stale: continue
      }
    }
    throw Refusal.outran
  }

  private static func answerID(_ id: String) -> String { "dead.refresh:\(id)" }

  // MARK: Parts

  private func checkCommitted(_ letter: DeadLetter) async throws {
    let job = try Job(letter)
    let found = try await store.recognise([job.received], by: letter.service)[0]
    guard case .notCommitted(let missing) = found else { return }
    throw Refusal.notCommitted(missing.sentence(about: job.type))
  }

  /// A mail is identified by the event it reports: under a new id it would be a new mail.
  private func checkMails(_ letter: DeadLetter, _ old: Event) async throws {
    guard letter.service == .mailer, let mail = MailIntent(try Job(letter)) else { return }
    if try await !store.mails([mail.key]).isEmpty { throw Refusal.mailBegun(old.id) }
  }

  private func takeAmounts(
    of old: Event, _ facts: AccountFacts, into new: inout Event
  ) async throws {
    if let charge = old.data.charge {
      new.data.charge = try Self.charge(charge, old.type, facts)
    }
    if let payment = old.data.payment {
      let kind: Transaction.Kind =
        switch old.type {
        case .creditGranted: .creditGrant
        case .creditApplied: .creditApplied
        default: .payment
        }
      let posted = try await store.posted(
        kind, account: facts.account.id, reference: payment.reference)
      guard let posted else { throw Refusal.unknownPayment(payment.reference) }
      new.data.payment = .init(amount: posted, reference: payment.reference)
    }
  }

  /// The amount of an earlier charge is that of its attempt; the next charge takes what is open.
  private static func charge(
    _ old: EventData.Charge, _ type: EventType, _ facts: AccountFacts
  ) throws -> EventData.Charge {
    var charge = old
    switch type {
    case .dueCharge: charge.amount = facts.invoice?.openMinor ?? 0
    case .chargeSucceeded, .chargeDeclined:
      guard let attempt = facts.attempts.first(where: { $0.number == old.attempt }) else {
        throw Refusal.unknownAttempt(invoice: facts.invoice?.id ?? "", number: old.attempt)
      }
      charge.amount = attempt.amountMinor
    default: charge.amount = 0
    }
    return charge
  }
}
