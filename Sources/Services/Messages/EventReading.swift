import Billing

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
