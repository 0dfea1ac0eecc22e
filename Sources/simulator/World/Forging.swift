import Billing
import Broker
import Ledger
import Services

/// Somebody who knows everything and may publish everything: the ids of events still to come, the
/// figures as the ledger has them, and every way that leads into a queue. Only commit they cannot.
extension Simulation {
  static let forged = "forged-"

  func publishForged() async {
    do {
      let service = pick(MonthClose.services)
      var type = pick(EventType.allCases)
      // The invoicer accepts a trigger from any sender, so that is not a forgery.
      if type.sender == nil && service == .invoicer { type = .invoiceIssued }
      let event = try await forgedEvent(type)
      let outgoing = try event.outgoing()
      var message = OutgoingMessage(
        exchange: MonthClose.exchange, routingKey: outgoing.routingKey,
        messageID: "\(Self.forged)\(draw(1...1_000_000))", type: outgoing.type,
        contentType: MonthClose.contentType, body: outgoing.body)
      // The own key of a trigger leads to the invoicer.
      let way = type.sender == nil ? .queue : pick(Way.allCases)
      switch way {
      case .ownKey: break
      case .replay: message.routingKey = MonthClose.replayKey(of: service)
      case .queue: (message.exchange, message.routingKey) = ("", service.rawValue)
      case .copy, .hiddenCopy:
        message.routingKey = MonthClose.retryQueue(of: service, after: settings.retryDelays[0])
        message.headers[way == .copy ? "CC" : "BCC"] = .list([outgoing.routingKey])
      }
      guard await broker.publish([message])[0] == .confirmed else { return }
      faults.hit(.forged)
      note("forger", "\(message.messageID): \(event.id) as \(type.rawValue), \(way)")
    } catch {
      fail("setup", "a forged message cannot be created: \(error)")
    }
  }

  private enum Way: CaseIterable {
    case ownKey, replay, queue, copy, hiddenCopy
  }

  /// What such a letter may lie among the dead letters for.
  static let forgedReasons: Set<String> = [
    "not-committed", "copied", "other-key", "unexpected-type",
  ]

  private func forgedEvent(_ type: EventType) async throws -> Event {
    let account = "a-\(draw(1...options.accounts))"
    let invoice = "\(Self.period)/\(account)"
    let facts = try await store.facts(for: [FactKey(account: account, invoice: invoice)])[0]
    guard let facts else { throw StoreError.invalid("account \(account) is not loaded") }
    var snapshot = facts.snapshot(at: time)
    snapshot.invoice =
      snapshot.invoice ?? .init(id: invoice, total: 5405, open: 5405, status: .open)
    if chance(200_000) { snapshot.invoice?.open = 3 }
    let attempt = draw(1...3)
    let of = chance(150_000) ? pick(EventType.allCases) : type
    return Event(
      id: "\(of.routingKey):\(about(of, invoice, attempt, facts))", type: type,
      source: "/\(type.sender?.rawValue ?? "cron")", time: time, subject: account,
      period: Self.period,
      data: EventData(
        period: Self.period, snapshot: snapshot, range: .init(number: 0, of: 1),
        charge: .init(attempt: attempt, amount: snapshot.invoice?.open ?? 0),
        mail: .init(kind: pick(MailKind.allCases), about: "invoice.issued:\(invoice)"),
        payment: .init(amount: 5405, reference: "ref-\(draw(1...3))")))
  }

  /// As the services make their ids: those of the past, and those still to come.
  private func about(
    _ type: EventType, _ invoice: String, _ attempt: Int, _ facts: AccountFacts
  ) -> String {
    switch type {
    case .closeRequested, .closeStarted, .closeCompleted: "\(Self.period)"
    case .closeRange: "\(Self.period):\(draw(0...4))"
    case .invoiceIssued, .invoiceParked, .holdPlaced: invoice
    case .chargeSucceeded, .chargeDeclined, .chargeSkipped, .chargeParked, .dueCharge:
      "\(invoice):\(attempt)"
    case .dueGrace:
      "\(invoice):\((facts.invoice?.issuedAt ?? time).adding(days: facts.account.holdAfterDays))"
    case .holdLifted: "\(invoice):\(facts.position)"
    case .creditApplied: "\(invoice):\(facts.position)"
    case .paymentRecorded, .creditGranted: "\(facts.account.id):ref-\(draw(1...3))"
    case .mailSent, .mailSuppressed, .mailRefused: "invoice.issued:\(invoice):invoice"
    }
  }
}
