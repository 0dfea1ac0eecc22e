import Billing
import Testing

@testable import closectl

/// The quick reader against the JSON decoder, which is the judge.
@Suite struct UsageEventScanTests {
  private let scratch: Scratch
  private let events: UsageEvents
  private let names = UsageNames()

  init() throws {
    scratch = try Scratch()
    events = UsageEvents(try FileBytes(try scratch.write("", to: "none.jsonl")))
  }

  private func scan(_ bytes: [UInt8]) -> UsageStep? {
    bytes.withUnsafeBufferPointer {
      UsageEventScan.row($0, line: 0, names: names).map { .row($0) }
    }
  }

  private func decode(_ bytes: [UInt8]) -> UsageStep {
    bytes.withUnsafeBufferPointer { events.decoded($0) }
  }

  private static let plain = [
    #"{"specversion":"1.0","id":"e1","source":"/m","type":"kwh","subject":"acme","#
      + #""time":"2026-11-01T00:00:00Z","data":{"value":"12.5"}}"#,
    #"{ "data": {"start":"2026-11-01T00:00:00Z", "end":"2026-11-01T01:00:00+00:00", "#
      + #""metric":"storage", "value": -0.25}, "specversion": "1.0", "id": "e-2", "#
      + #""source": "/m", "type": "kwh", "subject": "acme", "datacontenttype": "text/json"}  "#,
  ]

  @Test(arguments: plain) func `Plain events need no decoder`(event: String) {
    #expect(scan(Array(event.utf8)) == decode(Array(event.utf8)))
  }

  @Test(arguments: [
    (#""e1""#, #""e\u0031""#), (#""acme""#, #""zoë""#), (#""12.5""#, "1e3"),
    (#""12.5""#, "012.5"), (#""12.5""#, "12."), (#""12.5""#, "-"), (#""/m""#, "null"),
    (#""id""#, #""subject""#), ("}}", "}}}"), ("}}", "}"), (#""1.0""#, #""0.3""#),
    (#""e1""#, #""""#), (#""source":"/m","#, #""source":"/m","x":"1","x":"1","#),
    ("2026-11-01T00:00:00Z", "yesterday"),
  ])
  func `What is not plain is left to the decoder`(old: String, new: String) {
    #expect(scan(Array(Self.plain[0].replacing(old, with: new).utf8)) == nil)
  }

  @Test func `Whatever it accepts the decoder accepts alike`() {
    var random = Pseudorandom(state: 42)
    let letters = Array(#"{}[]",:.0-e \u1az"#.utf8)
    var accepted = 0
    for _ in 0..<20_000 {
      var bytes = Array(Self.plain[Int.random(in: 0...1, using: &random)].utf8)
      for _ in 0..<Int.random(in: 1...2, using: &random) {
        let place = Int.random(in: 0..<bytes.count, using: &random)
        let letter = letters[Int.random(in: 0..<letters.count, using: &random)]
        switch Int.random(in: 0...2, using: &random) {
        case 0: bytes.remove(at: place)
        case 1: bytes.insert(letter, at: place)
        default: bytes[place] = letter
        }
      }
      guard let row = scan(bytes) else { continue }
      accepted += 1
      #expect(row == decode(bytes), "\(String(decoding: bytes, as: UTF8.self))")
    }
    #expect(accepted > 1000)
  }
}

/// The same numbers in every run.
struct Pseudorandom: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }
}
