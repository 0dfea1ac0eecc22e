import Billing

@testable import Services

/// One event of every type, with every part that the type may carry.
enum EventSamples {
  static func event(_ type: EventType) throws -> Event {
    var data = EventData()
    for part in MessageCatalogue.message(type).required { try fill(part, &data) }
    switch type {
    case .chargeDeclined:
      data.charge?.declineCode = "insufficient_funds"
      data.charge?.nextAttemptAt = Instant(milliseconds: 1_796_266_800_123)
    case .closeCompleted: data.ends = ["paid": 97, "held": 3, "awaitingPayment": 0]
    case .mailSuppressed: data.reason = "mail.paid-meanwhile"
    default: break
    }
    return Event(
      id: "\(type.routingKey):2026-11/meter-1000317", type: type, source: "/charger",
      time: Instant(milliseconds: 1_796_090_400_000), subject: "meter-1000317",
      period: try Period(year: 2026, month: 11), causationID: "close-2026-11",
      traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", data: data)
  }

  private static func fill(_ part: EventData.Part, _ data: inout EventData) throws {
    switch part {
    case .period: data.period = try Period(year: 2026, month: 11)
    case .snapshot: data.snapshot = try snapshot()
    case .invoice:
      data.snapshot?.invoice = .init(
        id: "2026-11/meter-1000317", total: 9012, open: 9012, status: .open)
    case .range: data.range = .init(number: 3, of: 2000)
    case .charge: data.charge = .init(attempt: 1, amount: 9012)
    case .mail: data.mail = .init(kind: .receipt, about: "charge.succeeded:2026-11/meter-1:1")
    case .payment: data.payment = .init(amount: 9012, reference: "bank \"2026\" \\ Zürich 🏦")
    }
  }

  static func snapshot() throws -> Snapshot {
    Snapshot(
      account: "meter-1000317", position: 41, takenAt: Instant(milliseconds: 1_796_090_400_456),
      currency: try Currency("CHF"), balance: -9012, hold: false, collection: .auto, invoice: nil)
  }

  /// The text of a well-formed event, for tests that spoil it.
  static func text(_ type: EventType = .chargeSucceeded) throws -> String {
    String(decoding: try encode(event(type)), as: UTF8.self)
  }
}
