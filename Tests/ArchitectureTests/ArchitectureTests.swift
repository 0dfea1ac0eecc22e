import Testing

@Suite("Architecture")
struct ArchitectureTests {
  @Test
  func `The sources are found, and none of them is empty`() {
    #expect(SourceTree.sources.count > 50)
    let empty = SourceTree.files.filter { $0.lines.isEmpty }.map {
      RuleFinding(file: $0.path, line: 1, what: "empty or unreadable")
    }
    expectNone(empty)
  }

  @Test
  func `Every target imports only what the architecture allows`() {
    let breaches = SourceTree.sources.flatMap(ImportRules.breaches)
    expectNone(breaches)
  }

  @Test
  func `No file is longer than 300 lines`() {
    let long = SourceTree.files.filter { $0.lines.count > 300 }.map {
      RuleFinding(file: $0.path, line: 301, what: "\($0.lines.count) lines, 300 is the limit")
    }
    expectNone(long)
  }

  @Test
  func `No file or folder is named after nothing in particular`() {
    let empty = ["Utils", "Util", "Helpers", "Helper", "Common", "Manager", "Misc"]
    let named = SourceTree.files.filter { file in
      file.path.replacing(".swift", with: "").split(separator: "/").contains { part in
        empty.contains { part == $0 || part.hasSuffix($0) }
      }
    }.map { RuleFinding(file: $0.path, line: 1, what: "a name of the kind \(empty)") }
    expectNone(named)
  }

  @Test
  func `A type's name is unique in the package and hides none of Swift's`() {
    expectNone(TypeNames.findings(in: SourceTree.files))
  }

  @Test func `Every file of the runner, of a process and of a service has tests of its name`() {
    #expect(SourceTree.files.filter { TestFileRule.isTested($0.path) }.count > 15)
    expectNone(TestFileRule.findings(in: SourceTree.files))
  }

  @Test func `Every test is named by a sentence`() {
    expectNone(TestNameRule.findings(in: SourceTree.files))
  }

  @Test(arguments: LineRule.all)
  func `Every line keeps the rules for lines`(_ rule: LineRule) {
    let found = SourceTree.files.flatMap(rule.findings)
    expectNone(found)
  }

  @Test(arguments: [
    "invoicer", "charger", "mailer", "holder", "reporter",
  ])
  func `A service's program is about ten lines`(_ name: String) {
    let lines = SourceTree.sources.filter { $0.target == name }.map(\.lines.count).reduce(0, +)
    #expect((1...20).contains(lines), "Sources/\(name) has \(lines) lines")
  }
}

/// Fails with the places, one a line, as compilers print them.
func expectNone(_ findings: [RuleFinding], _ location: SourceLocation = #_sourceLocation) {
  guard !findings.isEmpty else { return }
  Issue.record("\(findings.count) places:\(findings.list)", sourceLocation: location)
}

extension LineRule: CustomTestStringConvertible {
  var testDescription: String { name }
}
