/// Which types stand at the top of a file: their names have to be unique in the package, and must
/// not hide one of Swift's own.
enum TypeNames {
  struct Place: Equatable {
    var file: String
    var line: Int
  }

  /// Those of the standard library that code of this project uses, or might.
  static let ofSwift: Set<String> = [
    "Array", "Bool", "Character", "Clock", "Collection", "Dictionary", "Double", "Duration",
    "Error",
    "Int", "Iterator", "Never", "Optional", "Range", "Sequence", "Set", "Slice", "String", "Task",
    "Unicode",
  ]

  private static let kinds: Set<String> = [
    "actor", "class", "enum", "protocol", "struct", "typealias",
  ]

  /// The type that a line declares; `nil` for other lines. `isNested`: the line is indented.
  static func declared(_ line: String) -> (name: String, isNested: Bool)? {
    let words = line.split(separator: " ").map(String.init)
    guard let at = words.firstIndex(where: kinds.contains), at + 1 < words.count,
      words[..<at].allSatisfy({ $0.hasPrefix("@") || modifiers.contains($0) })
    else { return nil }
    let name = words[at + 1].prefix { $0.isLetter || $0.isNumber || $0 == "_" }
    return name.isEmpty ? nil : (String(name), line.hasPrefix(" "))
  }

  private static let modifiers: Set<String> = [
    "fileprivate", "final", "indirect", "internal", "nonisolated", "package", "private", "public",
  ]

  static func findings(in files: [SourceFile]) -> [RuleFinding] {
    var first: [String: Place] = [:]
    var found: [RuleFinding] = []
    for file in files {
      for (index, line) in file.lines.enumerated() {
        guard let (name, isNested) = declared(line) else { continue }
        let place = Place(file: file.path, line: index + 1)
        if ofSwift.contains(name), name != "Iterator" || !isNested {
          found.append(RuleFinding(file: file.path, line: index + 1, what: "hides Swift's \(name)"))
        }
        if isNested { continue }
        if let other = first.updateValue(place, forKey: name), !line.hasPrefix("private ") {
          found.append(
            RuleFinding(
              file: file.path, line: index + 1, what: "\(name) is declared in \(other.file) too"))
        }
      }
    }
    return found
  }
}
