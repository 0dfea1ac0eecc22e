/// A place that breaks a rule, printed as compilers print it.
struct RuleFinding: CustomStringConvertible {
  var file: String
  var line: Int
  var what: String

  var description: String { "\(file):\(line): \(what)" }
}

extension [RuleFinding] {
  /// For the failure message of a test: one place a line.
  var list: String { "\n" + map(\.description).joined(separator: "\n") }
}
