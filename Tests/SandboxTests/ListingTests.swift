import Testing

@testable import sandbox

struct ListingTests {
  @Test func `A list is paged newest first without gap or repetition`() async throws {
    let fixture = try GatewayFixture()
    for number in 0..<25 { _ = await fixture.charge("inv-\(number)") }
    for (path, limit) in [("/v1/payment_intents", 7), ("/v1/charges", 10)] {
      var invoices: [String] = []
      var after: [(String, String)] = []
      while true {
        let page = await fixture.get(path, [("limit", "\(limit)")] + after)
        invoices += page.items.map { ($0["metadata"] as? [String: String])?["invoice"] ?? "" }
        guard page["has_more"] == "1" else { break }
        after = [("starting_after", page.items.last?["id"] as? String ?? "")]
      }
      #expect(invoices == (0..<25).reversed().map { "inv-\($0)" })
    }
  }

  @Test func `A list is filtered by time and by intent`() async throws {
    let fixture = try GatewayFixture()
    _ = await fixture.charge("inv-1")
    fixture.clock.advance(hours: 1)
    let second = await fixture.charge("inv-2")
    let newer = await fixture.get("/v1/payment_intents", [("created[gte]", second["created"])])
    #expect(newer.items.count == 1)
    let older = await fixture.get("/v1/charges", [("created[lt]", second["created"])])
    #expect(older.items.count == 1)
    let ofIntent = await fixture.get("/v1/charges", [("payment_intent", second["id"])])
    #expect(ofIntent.items.map { $0["id"] as? String } == [second["latest_charge"]])
  }

  @Test(arguments: [
    ("limit", "0"), ("limit", "101"), ("limit", "x"), ("created[near]", "1"), ("created[lt]", "x"),
    ("starting_after", "pi_none"), ("sort", "up"),
  ])
  func `A bad list parameter is a 400`(name: String, value: String) async throws {
    #expect(try await GatewayFixture().get("/v1/payment_intents", [(name, value)]).status == 400)
  }

  @Test(arguments: [
    ("metadata['invoice']:'inv-1'", 2),
    ("metadata[\"invoice\"]:\"inv-1\" AND metadata['attempt']:'2'", 1),
    ("metadata['invoice']:'inv-1' status:'succeeded'", 1),
    ("metadata['account']:'o\\'neil'", 1),
    ("metadata['account']:'neil'", 0),
    ("amount>=9013", 1),
    ("currency:'eur'", 1),
    ("created<1", 0),
    ("metadata['invoice']:'none'", 0),
  ])
  func `A search finds what it asks for`(query: String, count: Int) async throws {
    let fixture = try GatewayFixture()
    _ = await fixture.charge("inv-1", card: "pm_card_visa_chargeDeclined")
    _ = await fixture.charge("inv-1", attempt: "2")
    _ = await fixture.charge("inv-2", amount: "9013", currency: "eur", account: "o'neil")
    let found = await fixture.get("/v1/payment_intents/search", [("query", query)])
    #expect(found.status == 200 && found["object"] == "search_result")
    #expect(found.items.count == count)
  }

  @Test(arguments: [
    "", "invoice:'x'", "metadata['a':'b'", "metadata['a']:'b", "-status:'x'",
    "status:'a' OR status:'b'", "amount~'1'",
  ])
  func `A query that is not understood is a 400`(query: String) async throws {
    let answer = try await GatewayFixture().get("/v1/payment_intents/search", [("query", query)])
    #expect(answer.status == 400)
  }

  @Test func `A search is paged`() async throws {
    let fixture = try GatewayFixture()
    for attempt in 1...5 { _ = await fixture.charge("inv-1", attempt: "\(attempt)") }
    var attempts: [String] = []
    var page: [(String, String)] = []
    repeat {
      let found = await fixture.get(
        "/v1/payment_intents/search",
        [("query", "metadata['invoice']:'inv-1'"), ("limit", "2")] + page)
      attempts += found.items.map { ($0["metadata"] as? [String: String])?["attempt"] ?? "" }
      page = found["next_page"] == "null" ? [] : [("page", found["next_page"])]
    } while !page.isEmpty
    #expect(attempts == ["5", "4", "3", "2", "1"])
  }
}
