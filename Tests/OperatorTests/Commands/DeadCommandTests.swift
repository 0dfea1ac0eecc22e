import Billing
import Broker
import Ledger
import Services
import Testing

@testable import closectl

@Suite struct DeadCommandTests {
  private let scratch: Scratch
  private let broker = InMemoryBroker()
  private let console: Console

  init() async throws {
    scratch = try Scratch()
    console = try Console(scratch, broker: broker)
    #expect(await console.run("init").status == .done)
  }

  /// A trigger nobody could work, as the invoicer leaves it.
  private func putTrigger(_ period: String = "2026-11", reason: String = "behind") async throws {
    let at = try Instant(rfc3339: "2026-12-02T00:00:00Z")
    let event = Event(
      id: "close-\(period)", type: .closeRequested, source: "/test", time: at,
      data: EventData(period: try Period(period)))
    await put(event.id, try encode(event), reason: reason, type: event.type.rawValue)
  }

  private func put(
    _ id: String, _ body: [UInt8], reason: String, type: String = "junk"
  ) async {
    _ = await broker.publish([
      OutgoingMessage(
        exchange: "", routingKey: "invoicer.dead", messageID: id, type: type,
        contentType: "application/cloudevents+json",
        headers: [
          Header.reason: .string(reason), Header.error: .string("a sentence"),
          Header.attempts: .integer(6), Header.firstFailedAt: .string("2026-12-01T00:00:00Z"),
          Header.lastFailedAt: .string("2026-12-02T00:00:00Z"),
        ], body: body)
    ])
  }

  private func dead() async throws -> Int { try await depth("invoicer.dead") }

  private func depth(_ queue: String) async throws -> Int {
    try await broker.depth(of: queue)?.messages ?? -1
  }

  private func letters(_ said: Console.Said) throws -> [[String: Any]] {
    try document(said.out)["letters"] as? [[String: Any]] ?? []
  }

  private func firstID() async throws -> String {
    let said = await console.run("dead", "list", "--json")
    return try letters(said).first?["id"] as? String ?? ""
  }

  private func replay(_ more: String...) async -> Console.Said {
    await console.run(["dead", "replay", "--operator", "anna"] + more)
  }

  @Test func `A list is one document and nothing is taken`() async throws {
    #expect(try document(await console.run("dead", "list", "--json").out)["count"] as? Int == 0)
    try await putTrigger()
    try await putTrigger()
    await put("junk", [1, 2], reason: "not-json")
    let said = await console.run("dead", "list", "--json")
    #expect(said.status == .done)
    let found = try document(said.out)
    #expect(found["count"] as? Int == 3)
    let id = try await firstID()
    #expect(found["copies"] as? [String: Int] == [id: 2])
    #expect((found["groups"] as? [[String: Any]])?.count == 2)
    #expect(try letters(said).map { $0["reason"] as? String } == ["behind", "behind", "not-json"])
    #expect(try await dead() == 3)
    let text = await console.run("dead", "list", "--reason", "behind").out
    #expect(text.contains("2 dead letters"))
    #expect(text.contains("\(id) is present x2"))
    let groups = await console.run("dead", "list", "--group").out
    #expect(groups.contains("invoicer  behind          2"))
  }

  @Test func `A letter is shown with what the ledger says`() async throws {
    try await putTrigger()
    let id = try await firstID()
    let said = await console.run("dead", "show", id)
    #expect(said.status == .done)
    for part in ["a sentence", "needed: there is no catalog yet", "mc-attempts"] {
      #expect(said.out.contains(part))
    }
    #expect(
      try document(await console.run("dead", "show", id, "--json").out)["class"] as? String
        == "needed")
  }

  @Test func `A dry run moves and writes nothing`() async throws {
    try await putTrigger()
    let said = await console.run("dead", "replay", "--all", "--dry-run", "--json")
    #expect(said.status == .done)
    #expect((try document(said.out)["taken"] as? [[String: Any]])?.count == 1)
    #expect(try document(said.out)["manifest"] == nil)
    #expect(try await dead() == 1)
    #expect(try await depth("invoicer") == 0)
  }

  @Test func `Only what is needed is replayed and the rest is shown with why`() async throws {
    try await putTrigger()
    await put("junk", [1, 2], reason: "not-json")
    let said = await replay("--all", "--reason", "repaired", "--json")
    #expect(said.status == .done)
    let found = try document(said.out)
    #expect(found["moved"] as? Int == 1)
    #expect(found["operator"] as? String == "anna")
    let left = try #require((found["left"] as? [[String: Any]])?.first)
    #expect(left["class"] as? String == "undecodable")
    #expect(try await dead() == 1)
    #expect(try await depth("invoicer") == 1)
    let again = await replay("--all", "--reason", "repaired")
    #expect(again.out.contains("nothing to replay"))
    #expect(again.status == .done)
  }

  @Test func `A discard is for what is not needed`() async throws {
    try await putTrigger()
    let needed = try await firstID()
    let refused = await console.run(
      "dead", "discard", "--ids", needed, "--reason", "r", "--operator", "o")
    #expect(refused.status == .problem)
    #expect(refused.err.contains("is still needed"))
    #expect(try await dead() == 1)
    let done = await console.run(
      "dead", "discard", "--ids", needed, "--reason", "r", "--operator", "o", "--also", "needed")
    #expect(done.status == .done)
    #expect(try await dead() == 0)
    #expect(try await depth("invoicer") == 0)
  }

  @Test(arguments: [
    ["dead", "replay", "--reason", "r"], ["dead", "replay", "--all", "--ids", "x"],
    ["dead", "list", "--service", "chargr"], ["dead", "list", "--reason", "gone"],
    ["dead", "list", "--type", "invoice.teleported"], ["dead", "list", "--older", "1 day"],
    ["dead", "list", "--amount-over", "12"], ["dead", "show", "abc"], ["dead", "show"],
    ["dead", "replay", "--all", "--rate", "0/s", "--reason", "r"], ["dead", "discard"],
    ["dead", "replay", "--all", "--also", "some", "--reason", "r"], ["resend", "2026-13"],
    ["dead", "replay", "--continue", "--all"], ["dead", "replay", "--all", "x", "--reason", "r"],
  ])
  func `Wrong usage is two and moves nothing`(_ arguments: [String]) async throws {
    try await putTrigger()
    let said = await console.run(arguments)
    #expect(said.status == .usage)
    #expect(said.out.isEmpty)
    #expect(!said.err.isEmpty)
    #expect(try await dead() == 1)
  }

  @Test func `Without a reason nothing is moved`() async throws {
    try await putTrigger()
    let said = await console.run(["dead", "replay", "--all", "--operator", "anna"])
    #expect(said.status == .usage)
    #expect(said.err.contains("is required"))
    #expect(try await dead() == 1)
  }

  @Test func `The operator is the user of the process, whatever the environment says`()
    async throws
  {
    try await putTrigger()
    let environment = ["USER": "somebody-else", "LOGNAME": "somebody-else"]
    let said = await console.run(
      ["dead", "replay", "--all", "--reason", "r", "--json"], environment: environment)
    #expect(said.status == .done)
    let name = try #require(try document(said.out)["operator"] as? String)
    #expect(name == Login(environment: [:]).name)
  }

  @Test(arguments: [
    ["dead", "show", "0123456789ab"],
    ["dead", "replay", "--ids", "0123456789ab", "--reason", "r", "--operator", "o"],
    ["dead", "discard", "--ids", "0123456789ab", "--reason", "r", "--operator", "o"],
    ["dead", "refresh", "0123456789ab", "--reason", "r", "--operator", "o"],
  ])
  func `An unknown id is a problem`(_ arguments: [String]) async throws {
    let said = await console.run(arguments)
    #expect(said.status == .problem)
    #expect(said.err.contains("there is no dead letter 0123456789ab"))
  }

  @Test(arguments: [
    ["dead", "list"], ["dead", "list", "--json"], ["dead", "show", "0123456789ab"],
    ["dead", "replay", "--all", "--reason", "r", "--operator", "o"],
  ])
  func `A broker that is gone is three`(_ arguments: [String]) async throws {
    let said = await (try Console(scratch, broker: nil)).run(arguments)
    #expect(said.status == .unreachable)
    #expect(said.err.contains("cannot be reached"))
  }

  @Test func `An unfinished replay is named and finished`() async throws {
    try await putTrigger()
    broker.delete(queues: [], exchanges: ["monthclose"])
    let refused = await replay("--all", "--reason", "r")
    #expect(refused.status == .problem)
    #expect(refused.err.contains("there is no exchange monthclose"))
    #expect(await console.run("dead", "replay", "--continue").out.contains("nothing is unfinished"))
    _ = await console.run("topology", "apply")
    broker.refusePublishes()  // The question for rights.
    _ = await replay("--all", "--reason", "r")
    let store = try await openStore("sqlite:" + scratch.path("ledger.db"), migrate: false)
    let letter = ManifestLetter(
      letter: try await firstID(), queue: "invoicer.dead", messageID: "close-2026-11",
      bodyHash: "", letterClass: "needed", replays: 0, target: "monthclose/replay.invoicer")
    let manifest = Manifest(
      id: "replay-x", action: .replay, operatorName: "bob", reason: "r", selection: "all",
      createdAt: try Instant(rfc3339: "2026-12-02T00:00:00Z"))
    #expect(try await store.freeze(manifest, letters: [letter]))
    try await store.close()
    let said = await replay("--all", "--reason", "r")
    #expect(said.status == .problem)
    #expect(said.err.contains("replay replay-x by bob is unfinished"))
    let other = await console.run("dead", "replay", "--continue", "replay-y")
    #expect(other.status == .problem)
    let finished = await console.run("dead", "replay", "--continue", "--json")
    #expect(finished.status == .done)
    #expect(try document(finished.out)["absent"] as? Int == 1, "another body than was frozen")
    #expect(await replay("--all", "--reason", "r").status == .done)
    #expect(try await dead() == 0)
  }

  @Test func `Status and report tell services and reasons`() async throws {
    try await putTrigger()
    let said = await console.run("close", "status", "2026-11", "--json")
    let found = try document(said.out)
    #expect(found["dead"] as? Int == 1)
    let groups = found["deadLetters"] as? [[String: Any]]
    #expect(groups?.first?["reason"] as? String == "behind")
    #expect(groups?.first?["service"] as? String == "invoicer")
    let report = ReportDocument(period: try Period("2026-11"), [])
    #expect(try document(json(report))["deadLetters"] != nil, "null where nobody was asked")
  }

  @Test func `Resend needs a close`() async throws {
    let said = await console.run("resend", "2026-11")
    #expect(said.status == .problem)
    #expect(said.err.contains("no close of 2026-11 was started"))
  }
}
