import Billing
import Testing

@testable import Services

@Suite struct MessageMutationTests {
  /// SplitMix64: the same mutations on every run.
  private struct Seeded: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
      mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
      return mixed ^ (mixed >> 31)
    }
  }

  private static let pieces: [String] = [
    "\"", "\\", "{", "}", "[", "]", ":", ",", "null", "1e400", "-", "\\u", "\\ud800", "\u{0}", "é",
    #""id":"x","#, #"{"data":"#, "99999999999999999999", "0.1",
  ]

  private func mutate(_ bytes: inout [UInt8], _ random: inout Seeded) {
    for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
      let at = Int.random(in: 0..<bytes.count, using: &random)
      switch Int.random(in: 0..<6, using: &random) {
      case 0: bytes[at] = UInt8.random(in: 0...255, using: &random)
      case 1: bytes.remove(at: at)
      case 2: bytes.removeSubrange(at...)
      case 3: bytes.insert(contentsOf: Self.pieces.randomElement(using: &random)!.utf8, at: at)
      case 4: bytes.insert(contentsOf: bytes[at...].prefix(60), at: at)
      default: bytes.swapAt(at, Int.random(in: 0..<bytes.count, using: &random))
      }
    }
  }

  @Test(.timeLimit(.minutes(2)))
  func `Ten thousand mutations are answered and none comes back different`() throws {
    var random = Seeded(state: 2026_11)
    let originals = try EventType.allCases.map { try encode(EventSamples.event($0)) }
    var passed = 0
    var reasons: [String: Int] = [:]
    for _ in 0..<10_000 {
      var bytes = originals.randomElement(using: &random)!
      mutate(&bytes, &random)
      let result = Result { () throws(MessageFault) -> Event in
        try MessageGate.decode(bytes, contentType: nil)
      }
      switch result {
      case .success(let event):
        passed += 1
        // What came in can be sent on.
        #expect(try MessageGate.decode(encode(event), contentType: nil) == event)
      case .failure(let fault):
        #expect(!fault.description.isEmpty && fault.description.utf8.count < 300)
        reasons[fault.reason, default: 0] += 1
      }
    }
    #expect(passed > 100 && reasons.count >= 5, "the mutations reach all parts of the gate")
  }

  @Test func `Decoding and encoding are timed`() throws {
    let event = try EventSamples.event(.chargeDeclined)
    let bytes = try encode(event)
    let rounds = 2000
    let decoding = try ContinuousClock().measure {
      for _ in 0..<rounds { _ = try MessageGate.decode(bytes, contentType: nil) }
    }
    let encoding = try ContinuousClock().measure {
      for _ in 0..<rounds { _ = try encode(event) }
    }
    let (one, other) = (decoding / rounds, encoding / rounds)
    print("message of \(bytes.count) bytes: decode \(one), encode \(other)")
    #expect(one < .milliseconds(5) && other < .milliseconds(5))
  }
}
