/// The tests of the runner, of a process and of a service are found by the name of its file.
enum TestFileRule {
  private static let folders = ["Sources/Services/Runner/", "Sources/Services/Process/"]
  private static let services = ["Charger", "Holder", "Invoicer", "Mailer", "Reporter"]

  static func isTested(_ path: String) -> Bool {
    folders.contains { path.hasPrefix($0) }
      || services.contains { path == "Sources/Services/\($0)/\($0).swift" }
  }

  static func findings(in files: [SourceFile]) -> [RuleFinding] {
    let tests = Set(files.filter { $0.path.hasPrefix("Tests/ServicesTests/") }.map(\.name))
    return files.filter { isTested($0.path) && !tests.contains("\($0.name)Tests") }.map {
      RuleFinding(file: $0.path, line: 1, what: "there is no \($0.name)Tests.swift")
    }
  }
}

/// A test is named by a sentence, which is its function's name, so that it is written once.
enum TestNameRule {
  static func findings(in files: [SourceFile]) -> [RuleFinding] {
    files.filter { $0.path.hasPrefix("Tests/") }.flatMap { file in
      file.lines.indices.filter { isTest(file.lines[$0]) && !isNamed(file.lines[$0...]) }.map {
        RuleFinding(file: file.path, line: $0 + 1, what: "a test without a sentence as its name")
      }
    }
  }

  private static func isTest(_ line: some StringProtocol) -> Bool {
    line.drop { $0 == " " }.hasPrefix("@Test")
  }

  /// Up to the function that follows: its arguments may take many lines.
  private static func isNamed(_ lines: some Sequence<some StringProtocol>) -> Bool {
    for line in lines {
      if let name = line.ranges(of: "func ").first.map({ line[$0.upperBound...] }) {
        return name.hasPrefix("`")
      }
    }
    return false
  }
}
