import Testing

/// The rules are tested as well: each finds what it is for, and leaves what is allowed.
@Suite("Architecture rules")
struct RuleTests {
  @Test(
    "an import is recognised in every form",
    arguments: [
      ("import GRDB", "GRDB"),
      ("  import Glibc", "Glibc"),
      ("@testable import Ledger", "Ledger"),
      ("@preconcurrency public import CRabbitMQ", "CRabbitMQ"),
      ("import struct Foundation.URL", "Foundation"),
      ("// import GRDB", nil),
      ("let text = \"import GRDB\"", nil),
    ] as [(String, String?)])
  func importForms(_ line: String, _ module: String?) {
    #expect(ImportRules.importedModule(line) == module)
  }

  @Test("a forbidden import is named with file and line")
  func forbiddenImport() {
    let file = SourceFile(path: "Sources/Billing/A.swift", text: "\nimport GRDB")
    let found = ImportRules.breaches(in: file).map(\.description)
    #expect(found == ["Sources/Billing/A.swift:2: Billing may not import GRDB"])
  }

  @Test("a target without a rule is a finding")
  func unknownTarget() {
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

  @Test("line rules find what they are for", arguments: lines)
  func lineRules(_ text: String, _ count: Int) {
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

  @Test("a name that two types share is found, and one that hides Swift's")
  func sharedTypeNames() {
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

  @Test(
    "columns of the ledger are read by name",
    arguments: [
      ("Sources/Ledger/A.swift", 1), ("Sources/Ledger/SQL/Row.swift", 0),
      ("Sources/Broker/A.swift", 0),
    ])
  func columnsByPlace(_ path: String, _ count: Int) {
    let file = SourceFile(path: path, text: "row[at: 1]")
    #expect(LineRule.all.flatMap { $0.findings(in: file) }.count == count)
  }
}
