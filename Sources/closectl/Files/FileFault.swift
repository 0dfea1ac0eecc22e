/// What is wrong with an imported file, and where. Never holds a value of a personal column.
struct FileFault: Error, Equatable, CustomStringConvertible {
  var file: String
  /// From 1; `nil` for a fault of the whole file.
  var line: Int?
  /// A column's name, or a path inside a catalog.
  var column: String?
  var reason: String

  init(_ file: String, line: Int? = nil, column: String? = nil, _ reason: String) {
    self.file = file
    self.line = line
    self.column = column
    self.reason = reason
  }

  /// `usage.csv:17: quantity: "1,5" is not a decimal number`
  var description: String {
    var place = file
    if let line { place += ":\(line)" }
    if let column { place += ": \(column)" }
    return "\(place): \(reason)"
  }
}
