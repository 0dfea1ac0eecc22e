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
