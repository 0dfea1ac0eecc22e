import Billing
import Testing

@testable import closectl

/// docs/prices.md: each example is rated, and no key is missing.
@Suite struct PricesPageTests {
  private let page: DocumentedPage
  private let chf: Currency

  init() throws {
    page = try DocumentedPage("docs/prices.md")
    chf = try Currency("CHF")
  }

  private struct Example {
    var price: String
    var used: String
    var line: String
  }

  /// A price, and the rows of the table below it.
  private func examples(_ section: DocumentedPage.Section) -> [Example] {
    var price: String?
    var examples: [Example] = []
    for part in section.parts {
      switch part {
      case .code("yaml", let text): price = text
      case .table(["used", "line"], let rows):
        guard let price else { continue }
        examples += rows.map { Example(price: price, used: $0[0], line: $0[1]) }
      default: break
      }
    }
    return examples
  }

  private func catalog(_ price: String) throws -> Catalog {
    let scratch = try Scratch()
    let metric = price.contains("model: flat") ? "" : "    metric: used\n"
    let lines = price.split(separator: "\n").map { "    \($0)\n" }.joined()
    return try CatalogFile.read(
      try scratch.write(
        "version: 1\ncurrency: CHF\nproducts:\n  - id: example\n    name: Example\n"
          + metric + lines + "taxes: []\n", to: "catalog.yaml"))
  }

  /// What the invoice's line says.
  private func line(_ example: Example) throws -> String {
    let events =
      example.used == "nothing"
      ? [] : try example.used.split(separator: ", ").map { try ExactDecimal(parsing: $0) }
    let sum = try events.reduce(ExactDecimal.zero) { try $0.adding($1) }
    let account = Account(
      id: "a", name: "A", email: "a@b.example", currency: chf, country: "CH",
      timeZone: "Europe/Zurich", collection: .manual, paymentMethod: nil, holdAfterDays: 30)
    let facts = InvoicingFacts(
      facts: AccountFacts(account: account, position: 0, balanceMinor: 0, creditMinor: 0),
      usage: events.isEmpty
        ? [] : [UsageSum(metric: "used", quantity: sum, events: events.count)],
      events: ["used": events])
    let draft = try Rating.draft(
      facts, period: try Period("2026-11"), catalog: try catalog(example.price))
    return draft.lines.first.map { Money($0.amountMinor, chf).decimalText } ?? "no line"
  }

  @Test func `Every example comes to what the page says`() throws {
    let all = page.sections.flatMap(examples)
    #expect(all.count >= 25, "the page has examples, and they are found")
    for example in all {
      #expect(try line(example) == example.line, "\(example.price) with \(example.used)")
    }
  }

  private func fault(_ price: String) -> String {
    do {
      _ = try catalog(price)
      return ""
    } catch {
      return "\(error)"
    }
  }

  private func models() -> Set<String> { knownKeys(in: fault("price: { model: x }")) }

  /// The keys in the tables of a section, each by the name of its first column.
  private func keys(_ section: String, _ first: String = "key") -> Set<String> {
    Set(page.section(section).tables(first).joined().flatMap { DocumentedPage.words($0[0]) })
  }

  @Test func `Every key of every model is on the page and in an example`() throws {
    #expect(models().count == 6)
    let common = Set(
      try #require(page.section("Keys of every model").tables("key").first).flatMap {
        DocumentedPage.words($0[0])
      })
    for model in models() {
      let known = knownKeys(in: fault("price: { model: \(model), zzz: \"1\" }"))
      #expect(common.union(keys(model)) == known, "\(model)")
      #expect(!examples(page.section(model)).isEmpty, "\(model)")
      for key in keys(model).subtracting(["convert"]) {
        let isShown = page.code("yaml").contains { $0.contains("\(key):") }
        #expect(isShown, "\(key) of \(model) is in no example")
      }
    }
    for key in common.union(["convert"]) {
      #expect(page.code("yaml").contains { $0.contains("\(key):") }, "\(key) is in no example")
    }
  }

  @Test func `Every key of a tier and of a conversion is on the page`() throws {
    let tier = knownKeys(in: fault("price: { model: volume, tiers: [ { zzz: \"1\" } ] }"))
    #expect(keys("graduated", "key of a tier") == tier && !tier.isEmpty)
    let conversion = knownKeys(
      in: fault("price: { model: per_unit, unit: \"1\", convert: { zzz: \"1\" } }"))
    #expect(conversion == ["divide_by", "round"])
    let rows = page.section("Keys of every model").tables("key").joined()
    let words = rows.flatMap { $0.flatMap(DocumentedPage.words) }
    for rounding in Rounding.allCases { #expect(words.contains(rounding.rawValue)) }
  }

  /// `free_units` and `convert`: which models take them.
  @Test func `What is of some models only is said so`() throws {
    let rows = try #require(page.section("Keys of every model").tables("key").last)
    #expect(rows.count == 2)
    for row in rows {
      let key = try #require(DocumentedPage.words(row[0]).first)
      let named = Set(DocumentedPage.words(row[2]))
      let takes = row[2].hasPrefix("all but ") ? models().subtracting(named) : named
      for model in models() {
        let known = knownKeys(in: fault("price: { model: \(model), zzz: \"1\" }"))
        #expect(known.contains(key) == takes.contains(model), "\(key) of \(model)")
      }
    }
  }
}
