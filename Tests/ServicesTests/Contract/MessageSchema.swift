import Billing
import Broker
import Ledger

@testable import Services

/// What is published about one type of message. Receivers, sender and the parts it must have come
/// from the code; optional parts and summary are written here and compared with real messages.
struct MessageSchema {
  var type: EventType

  static let all = EventType.allCases.map(MessageSchema.init)

  var file: String { "\(type.rawValue).json" }

  /// Parts of `data` a sender may leave out or that not every message has.
  var optional: [String] {
    switch type {
    case .closeStarted, .closeCompleted: ["ends"]
    case .dueCharge: ["charge"]
    case .invoiceParked: ["reason"]
    case .chargeSucceeded, .chargeDeclined: ["reason"]
    case .chargeSkipped, .chargeParked: ["charge", "reason"]
    case .holdPlaced, .holdLifted: ["reason"]
    case .mailSent, .mailSuppressed, .mailRefused: ["reason"]
    case .closeRequested: ["early", "late", "past"]
    case .closeRange, .dueGrace, .invoiceIssued, .paymentRecorded,
      .creditGranted, .creditApplied:
      []
    }
  }

  /// Services, or `closectl`. The trigger may come from anybody.
  var senders: [ServiceName] { [type.sender ?? .closectl] }

  var receivers: [ServiceName] {
    MonthClose.bindings.filter { service, keys in
      keys.contains { TopicPattern($0).matches(type.routingKey) }
    }.map(\.service)
  }

  var page: Page {
    .object([
      ("$schema", .text(PartSchemas.draft)),
      ("title", .text(type.rawValue)),
      ("description", .text(summary)),
      ("type", .text("object")),
      ("required", .texts(["specversion", "id", "source", "type", "time", "data"])),
      (
        "properties",
        .object(
          [
            ("specversion", .object([("const", .text("1.0"))])),
            ("id", described("Made from what the event is about: the same fact has the same id.")),
            ("source", described("`/charger`: the service or tool that made it.")),
            ("type", .object([("const", .text(type.rawValue))])),
            ("time", PartSchemas.reference("time")),
            ("subject", described("The account, where there is one.")),
            ("datacontenttype", described("`application/json`.")),
            ("period", PartSchemas.reference("period")),
            ("causationid", described("The id of the message that led to this one.")),
            ("traceparent", described("W3C Trace Context, carried from message to message.")),
            ("refreshof", described("The id of the message whose snapshot this one replaces.")),
            ("data", data),
          ])
      ),
    ])
  }

  private func described(_ description: String) -> Page {
    .object([
      ("allOf", .list([PartSchemas.reference("text")])), ("description", .text(description)),
    ])
  }

  private var data: Page {
    let required = MessageCatalogue.message(type).required
    var fields: [(name: String, schema: Page, isRequired: Bool)] = required.filter {
      $0 != .invoice && $0 != .snapshot
    }.map { ($0.rawValue, PartSchemas.reference($0.rawValue), true) }
    if required.contains(.snapshot) {
      fields.insert(("snapshot", snapshot(withInvoice: required.contains(.invoice)), true), at: 0)
    }
    fields += optional.map { ($0, PartSchemas.reference($0), false) }
    return PartSchemas.object("What happened.", fields)
  }

  private func snapshot(withInvoice: Bool) -> Page {
    let part = PartSchemas.reference("snapshot")
    guard withInvoice else { return part }
    return .object([("allOf", .list([part, .object([("required", .texts(["invoice"]))])]))])
  }

  var summary: String {
    switch type {
    case .closeRequested: "Work: close this month. May be sent by any client, for example cron."
    case .closeRange: "Work: invoice this range of a close's accounts."
    case .dueCharge:
      "Work: a card is due for its next attempt, or the outcome of an attempt has to be looked up."
    case .dueGrace: "Work: the grace period of an unpaid invoice is over."
    case .closeStarted:
      "A close has fixed its accounts; `ends.expected` is their number. Published again, under "
        + "another id, when accounts were added later; `ends.late` is the number of those."
    case .closeCompleted: "A close is complete: each of its accounts has come to an end."
    case .invoiceIssued: "An invoice was issued and posted. It never changes."
    case .invoiceParked: "An account could not be invoiced and waits for a person."
    case .chargeSucceeded: "The card was charged and the payment posted."
    case .chargeDeclined:
      "The card was declined; `nextAttemptAt` is the time of the next attempt, if any."
    case .chargeSkipped: "Nothing had to be charged; `reason` says why."
    case .chargeParked: "A charge waits for a person, who alone can settle it."
    case .paymentRecorded: "A payment that did not come through the gateway was recorded."
    case .creditGranted: "The customer was granted a credit."
    case .creditApplied: "Credit paid an older invoice when a new one was issued."
    case .holdPlaced: "The account did not pay within its grace period and was put on hold."
    case .holdLifted: "The account has paid and its hold was lifted."
    case .mailSent: "The mail server accepted the mail."
    case .mailSuppressed:
      "The mail was not sent, because what it would have said is no longer true."
    case .mailRefused: "The mail server refused the mail permanently."
    }
  }
}
