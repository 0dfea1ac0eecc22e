import Testing

/// The rules are tested as well: each finds what it is for, and leaves what is allowed.
@Suite("Architecture rules")
struct RuleTests {
  @Test(
    arguments: [
      ("import GRDB", "GRDB"),
      ("  import Glibc", "Glibc"),
      ("@testable import Ledger", "Ledger"),
      ("@preconcurrency public import CRabbitMQ", "CRabbitMQ"),
      ("import struct Foundation.URL", "Foundation"),
      ("// import GRDB", nil),
      ("let text = \"import GRDB\"", nil),
    ] as [(String, String?)])
  func `An import is recognised in every form`(_ line: String, _ module: String?) {
    #expect(ImportRules.importedModule(line) == module)
  }

  @Test
  func `A forbidden import is named with file and line`() {
    let file = SourceFile(path: "Sources/Billing/A.swift", text: "\nimport GRDB")
    let found = ImportRules.breaches(in: file).map(\.description)
    #expect(found == ["Sources/Billing/A.swift:2: Billing may not import GRDB"])
  }

  @Test
  func `A target without a rule is a finding`() {
    let file = SourceFile(path: "Sources/newcomer/A.swift", text: "let a = 1")
    #expect(ImportRules.breaches(in: file).count == 1)
  }

  /// A text, and how many findings it has.
  static let lines: [(text: String, count: Int)] = {
    let promise = "final class A: @unchecked " + "Sendable {"
    let swallowed = "let a = tr" + "y? b()"
    return [
      (String(repeating: "a", count: 101), 1),
      (String(repeating: "a", count: 100), 0),
      (promise, 1),
      ("// guarded by the lock\n\(promise)", 0),
      (swallowed, 1),
      ("\(swallowed)  // absent is as good as empty", 0),
      ("do { try b() } catch {}", 1),
      ("fatal" + "Error(\"no\")", 1),
      ("// TO" + "DO: later", 1),
    ]
  }()

  @Test(arguments: lines)
  func `Line rules find what they are for`(_ text: String, _ count: Int) {
    let file = SourceFile(path: "Sources/Billing/A.swift", text: text)
    #expect(LineRule.all.flatMap { $0.findings(in: file) }.count == count)
  }

  @Test func `A file of the runner without tests of its name is found`() {
    func file(_ path: String) -> SourceFile { SourceFile(path: path, text: "let a = 1") }
    let files = [
      file("Sources/Services/Runner/Outbox.swift"), file("Sources/Services/Process/StartUp.swift"),
      file("Sources/Services/Holder/Holder.swift"), file("Sources/Services/Time/Clock.swift"),
      file("Tests/ServicesTests/Process/StartUpTests.swift"),
      file("Tests/BrokerTests/OutboxTests.swift"),
    ]
    #expect(
      TestFileRule.findings(in: files).map(\.file) == [
        "Sources/Services/Runner/Outbox.swift", "Sources/Services/Holder/Holder.swift",
      ])
  }

  @Test func `A test without a sentence as its name is found`() {
    let text = [
      "  @Test func `It is so`() {}", "  @Test(arguments: [1])", "  func isSo(_ n: Int) {}",
      "  @Test func itIs() {}",
    ].joined(separator: "\n")
    let files = ["Tests/ATests/A.swift", "Sources/A/A.swift"].map {
      SourceFile(path: $0, text: text)
    }
    #expect(
      TestNameRule.findings(in: files).map(\.description) == [
        "Tests/ATests/A.swift:2: a test without a sentence as its name",
        "Tests/ATests/A.swift:4: a test without a sentence as its name",
      ])
  }

  @Test
  func `A name that two types share is found, and one that hides Swift's`() {
    let files = [
      SourceFile(path: "Sources/Billing/A.swift", text: "public struct Fee {\n  enum Kind {}\n}"),
      SourceFile(path: "Sources/Mail/B.swift", text: "final class Fee {\n  enum Kind {}\n}"),
      SourceFile(path: "Sources/Mail/C.swift", text: "// struct Fee\nenum Range {}"),
    ]
    #expect(
      TypeNames.findings(in: files).map(\.description) == [
        "Sources/Mail/B.swift:1: Fee is declared in Sources/Billing/A.swift too",
        "Sources/Mail/C.swift:2: hides Swift's Range",
      ])
  }

  @Test(arguments: [
    ("Sources/Ledger/A.swift", 1), ("Sources/Ledger/SQL/Row.swift", 0),
    ("Sources/Broker/A.swift", 0),
  ])
  func `Columns of the ledger are read by name`(_ path: String, _ count: Int) {
    let file = SourceFile(path: path, text: "row[at: 1]")
    #expect(LineRule.all.flatMap { $0.findings(in: file) }.count == count)
  }
}
