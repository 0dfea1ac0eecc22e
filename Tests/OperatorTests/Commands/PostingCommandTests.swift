import Broker
import Testing

@testable import closectl

@Suite struct PostingCommandTests {
  private let scratch: Scratch
  private let broker = InMemoryBroker()
  private let console: Console

  init() async throws {
    scratch = try Scratch()
    console = try Console(scratch, broker: broker)
    #expect(await console.run("init").status == .done)
    let accounts = try scratch.write(
      """
      account_id,name,email,currency,country,timezone,collection,payment_method,hold_after_days
      m-1,Anna,a@b.example,CHF,CH,Europe/Zurich,auto,pm_card_visa,7

      """, to: "accounts.csv")
    #expect(await console.run("import", "accounts", accounts).status == .done)
  }

  private func record(_ console: Console, _ amount: String = "12.30 CHF") async -> Console.Said {
    await console.run(
      "payment", "record", "m-1", "--amount", amount, "--reference", "bank-1", "--json")
  }

  private func waiting() async throws -> Int {
    try await broker.depth(of: "holder")?.messages ?? -1
  }

  @Test func `A payment is recorded once by its reference`() async throws {
    let first = await record(console)
    #expect(first.status == .done)
    #expect(try document(first.out)["outcome"] as? String == "recorded")
    #expect(try document(first.out)["published"] as? Bool == true)
    #expect(try await waiting() == 1)

    let again = await record(console)
    #expect(again.status == .done)
    #expect(try document(again.out)["outcome"] as? String == "unchanged")
    #expect(try await waiting() == 1)

    let other = await record(console, "12.31 CHF")
    #expect(other.status == .problem)
    #expect(try document(other.out)["outcome"] as? String == "refused")
    #expect(other.err.contains("12.30 CHF"))
  }

  @Test func `Without a broker it is recorded and the next command publishes`() async throws {
    let alone = await record(
      try Console(scratch, broker: nil, now: "2026-12-02T00:00:00Z"))
    #expect(alone.status == .done)
    #expect(try document(alone.out)["published"] as? Bool == false)
    #expect(
      alone.err.contains("the next closectl command that reaches the broker publishes its event"))
    #expect(try await waiting() == 0)

    _ = await console.run("close", "status", "2026-11")
    #expect(try await waiting() == 1)
    _ = await console.run("close", "status", "2026-11")
    #expect(try await waiting() == 1)
  }

  @Test func `A payment is taken back once with a reason`() async throws {
    #expect(await record(console).status == .done)
    func reverse(_ more: String...) async -> Console.Said {
      await console.run(["payment", "reverse", "bank-1", "--json"] + more)
    }
    #expect(await reverse().status == .usage)
    #expect(await reverse("--reason", "  ").status == .usage)
    let dry = await reverse("--reason", "bounced", "--dry-run")
    #expect(try document(dry.out)["outcome"] as? String == "would be reversed")
    let done = try document(await reverse("--reason", "bounced").out)
    #expect(done["outcome"] as? String == "reversed")
    #expect(done["account"] as? String == "m-1")
    #expect(done["amount"] as? Int == 1230)
    let again = await reverse("--reason", "bounced")
    #expect(try document(again.out)["outcome"] as? String == "unchanged")
    let story = await console.run("explain", "m-1")
    #expect(story.out.contains("12.30 CHF by bank-1 reversed: bounced"))
    let strange = await console.run("payment", "reverse", "bank-9", "--reason", "bounced")
    #expect(strange.status == .problem)
  }

  @Test func `A dry run says what would be done and does nothing`() async throws {
    let said = await console.run(
      "payment", "record", "m-1", "--amount", "1,012.30 CHF", "--reference", "bank-1", "--dry-run")
    #expect(said.status == .done)
    #expect(
      said.out == """
        payment would be recorded: 1,012.30 CHF for account m-1, reference bank-1
          became credit: 1,012.30 CHF; unused credit: 1,012.30 CHF
          still open: nothing

        """)
    #expect(try document(await record(console, "9 CHF").out)["outcome"] as? String == "recorded")
  }

  @Test func `An answer says what became of the money`() async throws {
    let first = try document(await record(console).out)
    #expect(first["becameCredit"] as? Int == 1230)
    #expect(first["unusedCredit"] as? Int == 1230)
    #expect((first["paid"] as? [Any])?.isEmpty == true)
    #expect((first["stillOpen"] as? [Any])?.isEmpty == true)
    #expect(first["dryRun"] as? Bool == false)
    let wrong = await console.run(
      "payment", "record", "m-1", "--amount", "1 CHF", "--reference", "bank-2", "--invoice", "x")
    #expect(wrong.status == .problem)
    #expect(wrong.err.contains("account m-1 has no invoice x"))
  }

  @Test(arguments: [
    ["payment", "record", "m-1", "--amount", "92233720368547758.07 CHF", "--reference", "r"],
    ["payment", "record", "m-1", "--amount", "10000000000000.00 CHF", "--reference", "r"],
    ["credit", "grant", "m-1", "--amount", "92233720368547758.07 CHF", "--reference", "r"],
    ["payment", "record", "m-1", "--amount", "1 CHF", "--reference", "  "],
    ["dead", "discard", "--ids", "3f9ac2d10b7e", "--reason", "  "],
    ["dead", "replay", "--all", "--reason", "\u{a0} "],
    ["dead", "refresh", "3f9ac2d10b7e", "--reason", " "],
  ])
  func `An amount above the limit and a blank text are wrong usage`(_ arguments: [String])
    async throws
  {
    let said = await console.run(arguments)
    #expect(said.status == .usage)
    #expect(said.err.contains("limit") || said.err.contains("blank"))
  }

  @Test func `A credit is granted and seen in the story`() async throws {
    let said = await console.run(
      "credit", "grant", "m-1", "--amount", "5 CHF", "--reference", "outage")
    #expect(said.status == .done)
    #expect(said.out.hasPrefix("credit recorded: "))
    let story = await console.run("explain", "m-1")
    #expect(story.out.contains("credit 5.00 CHF"))
    let strange = await console.run(
      "credit", "grant", "nobody", "--amount", "5 CHF", "--reference", "outage")
    #expect(strange.status == .problem)
  }
}
