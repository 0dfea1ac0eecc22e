import Foundation
import Testing

@testable import sandbox

/// The log is the truth: what was answered is on the disk, and a restart stands where it ended.
struct RestartTests {
  @Test func `A restart knows charges answers and fingerprints`() async throws {
    let fixture = try GatewayFixture()
    let poor = "pm_card_visa_chargeDeclinedInsufficientFunds"
    let paid = await fixture.charge("inv-1", key: "a")
    let declined = await fixture.charge("inv-2", key: "b", card: poor)
    _ = await fixture.control("POST", "faults", #"{"kind":"lost_500","match":{"times":1}}"#)
    _ = await fixture.charge("inv-3", key: "c")
    let charges = await fixture.control("GET", "charges", "").text
    try fixture.restart()
    #expect(await fixture.control("GET", "charges").text == charges)
    let again = await fixture.charge("inv-1", key: "a")
    #expect(again.replayed && again.text == paid.text)
    #expect(again.headers["Original-Request"] == paid.headers["Request-Id"])
    #expect(await fixture.charge("inv-2", key: "b", card: poor).text == declined.text)
    #expect(await fixture.charge("inv-3", key: "c").status == 500)
    #expect(await fixture.charge("inv-1", key: "a", amount: "1").status == 400)
    let new = await fixture.charge("inv-4", key: "d")
    #expect(new.status == 200 && new["id"] != paid["id"])
    #expect(try fixture.paid() == ["inv-1": 1, "inv-4": 1])
  }

  @Test func `Expired keys stay expired after a restart`() async throws {
    let fixture = try GatewayFixture()
    _ = await fixture.charge("inv-1", key: "k")
    _ = await fixture.control("POST", "faults", #"{"kind":"key_expiry"}"#)
    try fixture.restart()
    #expect(await !fixture.charge("inv-1", key: "k").replayed)
  }

  @Test func `Every line says who what and how much`() async throws {
    let fixture = try GatewayFixture()
    let answer = await fixture.charge("inv-\"1\"\n", key: "k", account: "Zoë\u{1F600}")
    let line = try #require(try fixture.lines().last)
    #expect(line["event"] as? String == "charge.succeeded")
    #expect(line["invoice"] as? String == "inv-\"1\"\n")
    #expect(line["account"] as? String == "Zoë\u{1F600}")
    #expect(line["attempt"] as? String == "1" && line["amount"] as? Int == 9_012)
    #expect(line["currency"] as? String == "chf" && line["status"] as? String == "succeeded")
    #expect(line["payment_intent"] as? String == answer["id"])
    #expect(line["charge"] as? String == answer["latest_charge"])
    #expect(line["idempotency_key"] as? String == "k")
    #expect(line["request"] as? String == answer.headers["Request-Id"])
    #expect(line["time"] as? String == "2025-12-01T00:00:00Z")
  }

  @Test func `A torn last line is cut off`() async throws {
    let fixture = try GatewayFixture()
    _ = await fixture.charge("inv-1", key: "a")
    let whole = try Data(contentsOf: URL(fileURLWithPath: fixture.log))
    try append(#"{"time":"2025-12-01T00:00"#, to: fixture.log)
    try fixture.restart()
    #expect(try Data(contentsOf: URL(fileURLWithPath: fixture.log)) == whole)
    #expect(await fixture.charge("inv-1", key: "a").replayed)
  }

  @Test(arguments: [
    "no json\n", "{}\n", #"{"time":"2025-12-01T00:00:00Z","event":"charge.succeeded"}"# + "\n",
  ])
  func `A damaged line is named`(line: String) async throws {
    let fixture = try GatewayFixture()
    _ = await fixture.charge("inv-1")
    try append(line, to: fixture.log)
    let error = #expect(throws: LogFault.self) { try fixture.restart() }
    #expect(error?.description.contains("line 3") == true)
  }

  @Test func `A log in use is refused`() throws {
    let fixture = try GatewayFixture()
    let error = #expect(throws: LogFault.self) {
      _ = try Gateway(log: fixture.log, options: .init(now: { .init(milliseconds: 0) }))
    }
    #expect(error == .inUse(path: fixture.log))
  }

  @Test func `Many at once are all in the log exactly once`() async throws {
    let fixture = try GatewayFixture()
    let gateway = fixture.gateway
    await withTaskGroup(of: Void.self) { group in
      for number in 0..<2_000 {
        group.addTask {
          let form = GatewayFixture.form([
            ("amount", "100"), ("currency", "chf"), ("confirm", "true"), ("off_session", "true"),
            ("payment_method", "pm_card_visa"), ("metadata[invoice]", "inv-\(number % 1_000)"),
          ])
          _ = await gateway.answer(
            GatewayRequest(
              method: "POST", path: "/v1/payment_intents", body: Array(form.utf8),
              authorization: "Bearer sk_test_sandbox", idempotencyKey: "key-\(number % 1_000)"))
        }
      }
    }
    #expect(try fixture.paid().count == 1_000)
    #expect(try fixture.paid().values.allSatisfy { $0 == 1 })
    let all = await fixture.control("GET", "charges")
    #expect(all.items.count == 1_000)
    #expect(await fixture.control("GET", "summary")["double_charged_count"] == "0")
  }

  private func append(_ text: String, to path: String) throws {
    let file = try #require(FileHandle(forWritingAtPath: path))
    file.seekToEndOfFile()
    file.write(Data(text.utf8))
    try file.close()
  }
}
