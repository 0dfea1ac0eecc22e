import Billing
import Testing

@testable import Services

@Suite struct MessageGateTests {
  private func decode(_ text: String, contentType: String? = nil) throws(MessageFault) -> Event {
    try MessageGate.decode(Array(text.utf8), contentType: contentType)
  }

  private func fault(_ text: String) throws -> MessageFault {
    try #require(throws: MessageFault.self) { try decode(text) }
  }

  /// A good event with one piece of its text replaced.
  private func spoiled(_ old: String, _ new: String) throws -> String {
    let text = try EventSamples.text()
    let range = try #require(text.firstRange(of: old))
    return text[..<range.lowerBound] + new + text[range.upperBound...]
  }

  @Test(arguments: EventType.allCases)
  func `Every type comes back as it was`(_ type: EventType) throws {
    let event = try EventSamples.event(type)
    let bytes = try encode(event)
    #expect(try MessageGate.decode(bytes, contentType: MessageGate.contentType) == event)
    #expect(try encode(event) == bytes)
  }

  @Test func `Bytes are canonical`() throws {
    let text = try EventSamples.text(.paymentRecorded)
    #expect(
      text == #"""
        {"causationid":"close-2026-11",\#
        "data":{"payment":{"amount":9012,"reference":"bank \"2026\" \\ Zürich 🏦"},\#
        "snapshot":{"account":"meter-1000317","balance":-9012,"collection":"auto",\#
        "currency":"CHF","hold":false,"position":41,"takenAt":"2026-12-01T02:00:00.456Z"}},\#
        "datacontenttype":"application/json","id":"payment.recorded:2026-11/meter-1000317",\#
        "period":"2026-11","source":"/charger","specversion":"1.0","subject":"meter-1000317",\#
        "time":"2026-12-01T02:00:00Z",\#
        "traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",\#
        "type":"payment.recorded.v1"}
        """#)
  }

  @Test func `The trigger of the contract passes`() throws {
    let text = """
      {"specversion":"1.0","type":"close.requested.v1","source":"/cron","id":"close-2026-11",
       "time":"2026-12-01T02:00:00Z","data":{"period":"2026-11"}}
      """
    for contentType in [nil, "application/json", "application/cloudevents+json; charset=utf-8"] {
      let event = try decode(text, contentType: contentType)
      #expect(event.data.period?.description == "2026-11")
    }
  }

  @Test func `Unknown additions are ignored`() throws {
    let text = try spoiled(#""data":{"#, #""later":[{"a":1e400}],"data":{"new":{"x":[null,-0.5]},"#)
    #expect(try decode(text) == EventSamples.event(.chargeSucceeded))
  }

  @Test func `Escaped keys and text are read`() throws {
    let text = try spoiled(#""subject":"meter"#, #""\u0073ubject":"\ud83c\udfe6meter\/"#)
    #expect(try decode(text).subject == "🏦meter/-1000317")
  }

  // MARK: What does not pass

  static let notJSON: [(String, String)] = [
    ("nothing", ""), ("blank", "  \n"), ("words", "close the month"), ("XML", "<a/>"),
    ("NaN", #"{"a":NaN}"#), ("Infinity", #"{"a":-Infinity}"#), ("leading zero", #"{"a":012}"#),
    ("plus sign", #"{"a":+1}"#), ("bare point", #"{"a":1.}"#), ("hexadecimal", #"{"a":0x10}"#),
    ("single quotes", "{'a':1}"), ("trailing comma", #"{"a":1,}"#), ("comment", "{/**/}"),
    ("two values", "{} {}"), ("raw line break", "{\"a\":\"\n\"}"), ("NUL", "{\"a\":\u{0}}"),
    ("byte order mark", "\u{FEFF}{}"), ("lone surrogate", #"{"a":"\ud800"}"#),
    ("unknown escape", #"{"a":"\x41"}"#), ("key without value", #"{"a"}"#), ("open array", "[1"),
  ]

  @Test(arguments: notJSON)
  func `What is not JSON is refused`(_ name: String, _ text: String) throws {
    #expect(try fault(text).reason == "not-json")
  }

  @Test(arguments: [
    [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xE2, 0x82], [0xFF],
  ])
  func `What is not UTF-8 is refused`(_ bytes: [UInt8]) throws {
    let body = Array(#"{"a":""#.utf8) + bytes + Array(#""}"#.utf8)
    let fault = try #require(throws: MessageFault.self) {
      try MessageGate.decode(body, contentType: nil)
    }
    #expect(fault == .notJSON(byte: 6, expected: "valid UTF-8"))
  }

  @Test func `Every cut off message is refused`() throws {
    let bytes = try encode(EventSamples.event(.chargeDeclined))
    for length in 0..<bytes.count {
      let fault = try #require(throws: MessageFault.self) {
        try MessageGate.decode(Array(bytes[..<length]), contentType: nil)
      }
      #expect(fault.reason == "not-json")
    }
  }

  @Test func `Size is checked before anything else`() throws {
    let garbage = [UInt8](repeating: UInt8(ascii: "["), count: 257 * 1024)
    #expect(throws: MessageFault.tooLarge(bytes: 263_168)) {
      try MessageGate.decode(garbage, contentType: "image/png")
    }
  }

  @Test func `A body of the largest size passes`() throws {
    let text = try EventSamples.text()
    let filler = String(repeating: " ", count: MessageGate.maxBytes - text.utf8.count)
    #expect(try decode(text + filler).type == .chargeSucceeded)
  }

  @Test func `Depth is bounded`() throws {
    func nested(_ levels: Int) throws -> String {
      let inner = String(repeating: "[", count: levels) + String(repeating: "]", count: levels)
      return try spoiled(#""data":{"#, #""deep":\#(inner),"data":{"#)
    }
    #expect(try decode(nested(31)).type == .chargeSucceeded)
    #expect(try fault(nested(32)).reason == "too-deep")
    #expect(try fault(nested(10_000)).reason == "too-deep")
  }

  @Test(arguments: [
    #"{"a":1,"a":1}"#, #"{"a":1,"b":{"c":1,"d":2,"c":3}}"#, #"{"a":1,"\u0061":2}"#, #"{"":1,"":2}"#,
  ])
  func `Duplicate keys are refused`(_ text: String) throws {
    #expect(try fault(text).reason == "duplicate-key")
  }

  @Test func `Objects of too many keys are refused`() throws {
    let members = (0...256).map { #""k\#($0)":0"# }.joined(separator: ",")
    #expect(try fault("{\(members)}").reason == "invalid-field")
  }

  static let badFields: [(String, String, String)] = [
    (#""amount":9012"#, #""amount":0.1"#, "data.charge.amount"),
    (#""amount":9012"#, #""amount":"9012""#, "data.charge.amount"),
    (#""amount":9012"#, #""amount":1e2"#, "data.charge.amount"),
    (#""amount":9012"#, #""amount":90.0"#, "data.charge.amount"),
    (#""open":9012"#, #""open":1e400"#, "data.snapshot.invoice.open"),
    (#""total":9012"#, #""total":9223372036854775808"#, "data.snapshot.invoice.total"),
    (#""balance":-9012"#, #""balance":true"#, "data.snapshot.balance"),
    (#""currency":"CHF""#, #""currency":"CHX""#, "data.snapshot.currency"),
    (#""currency":"CHF""#, #""currency":2"#, "data.snapshot.currency"),
    (#""hold":false"#, #""hold":0"#, "data.snapshot.hold"),
    (#""position":41"#, #""position":-1"#, "data.snapshot.position"),
    (#""status":"open""#, #""status":"OPEN""#, "data.snapshot.invoice.status"),
    (#""specversion":"1.0""#, #""specversion":"0.3""#, "specversion"),
    (#""period":"2026-11""#, #""period":"2026-13""#, "period"),
    (#""id":"charge."#, #""id":"\n"#, "id"), (#""source":"/charger""#, #""source":"""#, "source"),
    (#""time":"2026-12-01T"#, #""time":"2026-12-32T"#, "time"),
  ]

  @Test(arguments: badFields)
  func `Bad fields are named`(_ old: String, _ new: String, _ place: String) throws {
    let fault = try fault(spoiled(old, new))
    #expect(fault.reason == "invalid-field")
    #expect(fault.description.hasPrefix("\(place): expected "), "\(fault)")
  }

  static let missing: [(String, String, String)] = [
    (#""id":"charge"#, #""Id":"charge"#, "id"), (#""data":"#, #""date":"#, "data"),
    (#""specversion":"1.0","#, "", "specversion"), (#""type":"#, #""kind":"#, "type"),
    (#""invoice":"#, #""Invoice":"#, "data.snapshot.invoice"),
    (#""charge":"#, #""other":"#, "data.charge"),
    (#""account":"#, #""acc":"#, "data.snapshot.account"),
  ]

  @Test(arguments: missing)
  func `Missing fields are named`(_ old: String, _ new: String, _ place: String) throws {
    #expect(try fault(spoiled(old, new)) == .missing(place))
  }

  @Test(arguments: EventType.allCases)
  func `Every required part is missed by name`(_ type: EventType) throws {
    for part in MessageCatalogue.message(type).required {
      var event = try EventSamples.event(type)
      switch part {
      case .period: event.data.period = nil
      case .snapshot: event.data.snapshot = nil
      case .invoice: event.data.snapshot?.invoice = nil
      case .range: event.data.range = nil
      case .charge: event.data.charge = nil
      case .mail: event.data.mail = nil
      case .payment: event.data.payment = nil
      }
      #expect(throws: MessageFault.missing(part.place)) { try encode(event) }
    }
  }

  @Test(arguments: ["invoice.issued.v2", "invoice.issued", "customer.deleted.v1"])
  func `Unknown types are named`(_ type: String) throws {
    let fault = try fault(spoiled("charge.succeeded.v1", type))
    #expect(fault == .unknownType("\"\(type)\""))
  }

  @Test(arguments: ["text/plain", "application/cloudevents-batch+json", "application/xml", ""])
  func `Other content types are refused`(_ contentType: String) throws {
    let text = try EventSamples.text()
    let fault = try #require(throws: MessageFault.self) {
      try decode(text, contentType: contentType)
    }
    #expect(fault.reason == "wrong-content-type")
  }

  @Test func `Faults repeat nothing personal`() throws {
    let fault = try fault(spoiled(#""status":"open""#, #""status":"Ada Lovelace ada@example.com""#))
    #expect("\(fault)".hasSuffix("expected open, paid or void, found the string of 28 bytes"))
  }

  @Test func `What would not come in again is not encoded`() throws {
    var event = try EventSamples.event(.creditGranted)
    event.data.payment?.reference = "two\nlines"
    #expect(throws: MessageFault.self) { try encode(event) }
    event = try EventSamples.event(.closeCompleted)
    event.data.ends = Dictionary(uniqueKeysWithValues: (0..<20_000).map { ("account-\($0)", $0) })
    #expect(throws: MessageFault.self) { try encode(event) }
  }
}
