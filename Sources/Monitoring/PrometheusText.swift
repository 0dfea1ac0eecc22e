/// Prometheus' text format, version 0.0.4.
struct PrometheusText {
  static let contentType = "text/plain; version=0.0.4; charset=utf-8"
  private(set) var text = ""

  mutating func head(_ family: MetricDescription) {
    text += "# HELP \(family.name) \(Self.escapedHelp(family.help))\n"
    text += "# TYPE \(family.name) \(family.kind.rawValue)\n"
  }

  /// `labels`: as `labelText` made them, without braces.
  mutating func sample(_ name: String, _ labels: String, _ value: String) {
    text += labels.isEmpty ? "\(name) \(value)\n" : "\(name){\(labels)} \(value)\n"
  }

  /// `a="b",c="d"`
  static func labelText(_ labels: [(String, String)]) -> String {
    labels.map { name, value in
      precondition(isLabelName(name), "\(name) is not a label name")
      return "\(name)=\"\(escapedValue(value))\""
    }.joined(separator: ",")
  }

  static func number(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
    if value == value.rounded(), value.magnitude < 1e15 { return "\(Int64(value))" }
    return "\(value)"
  }

  static func isName(_ text: String) -> Bool { isName(text, also: ":") }
  static func isLabelName(_ text: String) -> Bool { isName(text, also: "_") }

  private static func isName(_ text: String, also other: Character) -> Bool {
    let isPlain = text.allSatisfy {
      $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == other)
    }
    return isPlain && text.first.map { !$0.isNumber } ?? false
  }

  private static func escapedHelp(_ text: String) -> String {
    text.replacing("\\", with: "\\\\").replacing("\n", with: "\\n")
  }

  private static func escapedValue(_ text: String) -> String {
    escapedHelp(text).replacing("\"", with: "\\\"")
  }
}
