import Billing

/// A service's table of decisions, as it is printed.
struct PrintedTable: Encodable {
  struct Row: Encodable {
    var rule: String
    var found: String
    var finding: String
    var does: String
    /// It decided at least once in the story.
    var decided: Bool
  }
  var table: String
  var rows: [Row]

  init(_ table: DecisionTable<some Sendable, some Sendable>, decided: Set<String>) {
    self.table = table.name
    rows = table.rows.map {
      Row(
        rule: $0.rule, found: $0.found, finding: $0.finding.rawValue, does: $0.does,
        decided: decided.contains($0.rule))
    }
  }

  /// The tables in which one of these rules stands.
  static func tables(deciding rules: Set<String>) -> [PrintedTable] {
    [
      PrintedTable(DecisionTable.invoicer, decided: rules),
      PrintedTable(DecisionTable.charger, decided: rules),
      PrintedTable(DecisionTable.mailer, decided: rules),
      PrintedTable(DecisionTable.holder, decided: rules),
      PrintedTable(DecisionTable.lifter, decided: rules),
      PrintedTable(DecisionTable.reporter, decided: rules),
    ].filter { $0.rows.contains(where: \.decided) }
  }

  func lines(style: Style) -> [String] {
    var shown = Table([
      .init(""), .init("rule"), .init("found"), .init("class"), .init("does"),
    ])
    for row in rows {
      shown.add(row.decided ? "->" : "", row.rule, row.found, words(row.finding), row.does)
    }
    let lines = shown.lines(style: style)
    return zip(lines, [false] + rows.map(\.decided)).map { line, decided in
      decided ? style.good(line) : line
    }
  }
}
