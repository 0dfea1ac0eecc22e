import Billing
import JSON

extension Event {
  /// Reads an event whose `specversion` and `type` are known. Unknown fields are ignored.
  init(reading message: MessageObject, type: EventType) throws(MessageFault) {
    guard let data = try message.object("data", at: "data") else { throw .missing("data") }
    self.init(
      id: try message.text("id"), type: type, source: try message.text("source"),
      time: try message.time("time"), subject: try message.optionalText("subject"),
      period: try message.optionalPeriod("period"),
      causationID: try message.optionalText("causationid"),
      traceparent: try message.optionalText("traceparent"), data: try EventData(reading: data))
    refreshof = try message.optionalText("refreshof")
    datacontenttype = try message.optionalText("datacontenttype")
  }
}

extension EventData {
  init(reading data: MessageObject) throws(MessageFault) {
    self.init(period: try data.optionalPeriod("period"))
    if let part = try data.object("snapshot", at: "data.snapshot") {
      snapshot = try Snapshot(reading: part)
    }
    if let part = try data.object("range", at: "data.range") {
      range = try AccountRange(reading: part)
    }
    if let part = try data.object("charge", at: "data.charge") {
      charge = try Charge(reading: part)
    }
    if let part = try data.object("mail", at: "data.mail") { mail = try Mail(reading: part) }
    if let part = try data.object("payment", at: "data.payment") {
      payment = Payment(
        amount: try part.integer("amount"), reference: try part.text("reference"))
    }
    reason = try data.optionalText("reason", max: 1000)
    ends = try data.object("ends", at: "data.ends")?.integers()
    early = try data.optionalBoolean("early")
    past = try data.optionalBoolean("past")
    late = try data.optionalBoolean("late")
  }
}

extension EventData.AccountRange {
  init(reading part: MessageObject) throws(MessageFault) {
    self.init(
      number: Int(try part.integer("number", in: 0 ... .max)),
      of: Int(try part.integer("of", in: 0 ... .max)))
  }
}

extension EventData.Charge {
  init(reading part: MessageObject) throws(MessageFault) {
    self.init(
      attempt: Int(try part.integer("attempt", in: 0 ... .max)),
      amount: try part.integer("amount"),
      declineCode: try part.optionalText("declineCode"),
      nextAttemptAt: try part.optionalTime("nextAttemptAt"))
  }
}

extension EventData.Mail {
  init(reading part: MessageObject) throws(MessageFault) {
    self.init(
      kind: try part.value("kind", "a kind of mail") { MailKind(rawValue: $0) },
      about: try part.text("about"))
  }
}

extension Snapshot {
  init(reading part: MessageObject) throws(MessageFault) {
    let invoice = try part.object("invoice", at: "data.snapshot.invoice")
    self.init(
      account: try part.text("account"), position: try part.integer("position", in: 0 ... .max),
      takenAt: try part.time("takenAt"),
      // The initialiser's error says no more than the fault does.
      currency: try part.value("currency", "an ISO 4217 code") { try? Currency($0) },
      balance: try part.integer("balance"), hold: try part.boolean("hold"),
      collection: try part.value("collection", "auto or manual") { CollectionMethod(rawValue: $0) },
      invoice: nil)
    if let invoice { self.invoice = try Invoice(reading: invoice) }
  }
}

extension Snapshot.Invoice {
  init(reading part: MessageObject) throws(MessageFault) {
    self.init(
      id: try part.text("id"), total: try part.integer("total"), open: try part.integer("open"),
      status: try part.value("status", "open, paid or void") { InvoiceStatus(rawValue: $0) })
  }
}

/// The body of an event's message: JSON with sorted keys and without absent values, so that the
/// same event always gives the same bytes. Throws a `MessageFault` for anything that `MessageGate`
/// would refuse.
public func encode(_ event: Event) throws -> [UInt8] {
  try checkTexts(of: event)
  try MessageGate.checkParts(of: event)
  var writer = JSONWriter()
  writer.object { $0.members(of: event) }
  guard writer.bytes.count <= MessageGate.maxBytes else {
    throw MessageFault.tooLarge(bytes: writer.bytes.count)
  }
  return writer.bytes
}

private func checkTexts(of event: Event) throws(MessageFault) {
  try check("id", event.id)
  try check("source", event.source)
  try check("subject", event.subject)
  try check("causationid", event.causationid)
  try check("traceparent", event.traceparent)
  try check("refreshof", event.refreshof)
  try check("data.snapshot.account", event.data.snapshot?.account)
  try check("data.snapshot.invoice.id", event.data.snapshot?.invoice?.id)
  try check("data.charge.declineCode", event.data.charge?.declineCode)
  try check("data.mail.about", event.data.mail?.about)
  try check("data.payment.reference", event.data.payment?.reference)
  try check("data.reason", event.data.reason, max: 1000)
}

private func check(
  _ place: String, _ text: String?, max: Int = MessageObject.maxTextBytes
) throws(MessageFault) {
  guard let text, !MessageObject.isText(text, max: max) else { return }
  throw .invalid(
    place: place, expected: "1 to \(max) bytes without control characters",
    found: "a string \(JSONDocument.shown(text))")
}

extension JSONWriter {
  fileprivate mutating func members(of event: Event) {
    text("causationid", event.causationid)
    object("data") { $0.members(of: event.data) }
    text("datacontenttype", event.datacontenttype)
    text("id", event.id)
    text("period", event.period?.description)
    text("refreshof", event.refreshof)
    text("source", event.source)
    text("specversion", event.specversion)
    text("subject", event.subject)
    text("time", event.time.rfc3339)
    text("traceparent", event.traceparent)
    text("type", event.type.rawValue)
  }

  private mutating func members(of data: EventData) {
    if let charge = data.charge { object("charge") { $0.members(of: charge) } }
    if let early = data.early { boolean("early", early) }
    if let ends = data.ends {
      object("ends") { writer in
        for (key, value) in ends.sorted(by: { $0.key < $1.key }) {
          writer.integer(key, Int64(value))
        }
      }
    }
    if let late = data.late { boolean("late", late) }
    if let mail = data.mail {
      object("mail") {
        $0.text("about", mail.about)
        $0.text("kind", mail.kind.rawValue)
      }
    }
    if let past = data.past { boolean("past", past) }
    if let payment = data.payment {
      object("payment") {
        $0.integer("amount", payment.amount)
        $0.text("reference", payment.reference)
      }
    }
    text("period", data.period?.description)
    if let range = data.range {
      object("range") {
        $0.integer("number", Int64(range.number))
        $0.integer("of", Int64(range.of))
      }
    }
    text("reason", data.reason)
    if let snapshot = data.snapshot { object("snapshot") { $0.members(of: snapshot) } }
  }

  private mutating func members(of charge: EventData.Charge) {
    integer("amount", charge.amount)
    integer("attempt", Int64(charge.attempt))
    text("declineCode", charge.declineCode)
    text("nextAttemptAt", charge.nextAttemptAt?.rfc3339)
  }

  private mutating func members(of snapshot: Snapshot) {
    text("account", snapshot.account)
    integer("balance", snapshot.balance)
    text("collection", snapshot.collection.rawValue)
    text("currency", snapshot.currency.code)
    boolean("hold", snapshot.hold)
    if let invoice = snapshot.invoice {
      object("invoice") {
        $0.text("id", invoice.id)
        $0.integer("open", invoice.open)
        $0.text("status", invoice.status.rawValue)
        $0.integer("total", invoice.total)
      }
    }
    integer("position", snapshot.position)
    text("takenAt", snapshot.takenAt.rfc3339)
  }
}
