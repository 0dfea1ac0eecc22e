import Billing
import Broker
import Testing

@testable import Services

@Suite struct DeadLetterTests {
  private func letter(
    _ id: String? = "m", queue: String = "charger.dead", headers: [String: HeaderValue] = [:],
    body: [UInt8] = [1]
  ) -> DeadLetter {
    DeadLetter(.test(id, under: queue, queue: queue, headers: headers, body: body), of: .charger)
  }

  @Test func `Two copies of a message have one id, and no other message has it`() {
    let first = letter()
    #expect(first.id.count == 12)
    #expect(letter(headers: [Header.attempts: .integer(9)]).id == first.id)
    let others = [letter("n"), letter(queue: "mailer.dead"), letter(body: [2]), letter(nil)]
    #expect(Set((others + [first]).map(\.id)).count == 5)
  }

  @Test func `What the headers say is read within bounds, whoever wrote them`() {
    let known = letter(headers: [
      Header.reason: .string("gateway-unknown"), Header.error: .string("no answer"),
      Header.attempts: .integer(6), Header.firstFailedAt: .string("2026-12-01T00:00:00Z"),
      Header.replays: .integer(1), Header.replayedBy: .string("r-1"),
    ])
    #expect(known.reason == "gateway-unknown" && known.error == "no answer")
    #expect(known.attempts == 6 && known.replays == 1 && known.replayedBy == "r-1")
    #expect(known.firstFailedAt != nil && known.lastFailedAt == known.firstFailedAt)
    let forged = letter(headers: [
      Header.attempts: .integer(.max), Header.replays: .integer(-1),
      Header.firstFailedAt: .string("yesterday"), Header.error: .integer(1),
    ])
    #expect(forged.attempts == 1_000_000 && forged.replays == 0)
    #expect(forged.firstFailedAt == nil && forged.error == nil)
  }

  @Test func `The reason is ours, else the broker's in our spelling, else unknown`() {
    #expect(
      letter(headers: ["x-first-death-reason": .string("delivery_limit")]).reason
        == "delivery-limit")
    #expect(
      letter(headers: [
        Header.reason: .string("copied"), "x-first-death-reason": .string("rejected"),
      ]).reason == "copied")
    #expect(letter().reason == "unknown")
  }

  @Test func `A letter that was listed without its body is too large to be moved`() {
    let listed = DeadLetter(.test("m", under: "", queue: "charger.dead"), of: .charger)
    #expect(!listed.isWhole && listed.reason == FaultReason.tooLarge.rawValue)
    #expect(letter().isWhole)
  }

  @Test func `A copy keeps the headers of others, but none that would send it elsewhere`() {
    let kept = Header.carriedOn([
      "note": .string("kept"), "x-death": .string("the broker's"), "CC": .list(["a"]),
      "BCC": .list(["b"]), Header.attempts: .integer(1),
    ])
    #expect(kept == ["note": .string("kept"), Header.attempts: .integer(1)])
  }

  @Test func `Where all headers would not fit, only ours are kept, and of those no long text`() {
    let long = String(repeating: "x", count: OutgoingMessage.maximumHeaderBytes - 3_000)
    let kept = Header.carriedOn([
      "note": .string(long), Header.attempts: .integer(1), Header.reason: .string("copied"),
      Header.error: .string(String(repeating: "e", count: 1_001)),
    ])
    #expect(kept == [Header.attempts: .integer(1), Header.reason: .string("copied")])
  }
}

@Suite struct ReasonTableTests {
  @Test func `Every reason is in the table once with what to do`() throws {
    let documented = try OperationsTable.words(under: "### Reasons of dead letters")
    #expect(documented.sorted() == DeadLetter.reasons.sorted())
  }
}
