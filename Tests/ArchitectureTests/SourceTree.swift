import Foundation

/// The project's Swift sources as text, found from where this file stands.
enum SourceTree {
  static let root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// All Swift files under Sources and Tests, in order of their paths.
  static let files: [SourceFile] = ["Sources", "Tests"].flatMap(swiftFiles).sorted {
    $0.path < $1.path
  }

  static var sources: [SourceFile] { files.filter { $0.folder == "Sources" } }

  private static func swiftFiles(in folder: String) -> [SourceFile] {
    let names = FileManager.default.enumerator(atPath: root.appendingPathComponent(folder).path)
    return (names?.compactMap { $0 as? String } ?? []).filter { $0.hasSuffix(".swift") }.map {
      SourceFile(path: "\(folder)/\($0)")
    }
  }
}

struct SourceFile: Sendable {
  /// From the project's root: `Sources/Billing/Values/Money.swift`.
  let path: String
  let lines: [String]

  init(path: String) {
    self.path = path
    let url = SourceTree.root.appendingPathComponent(path)
    let text: String
    do {
      text = try String(contentsOf: url, encoding: .utf8)
    } catch {
      text = ""  // an unreadable file has no lines, and a test names it
    }
    var lines = text.components(separatedBy: "\n")
    if lines.last == "" { lines.removeLast() }
    self.lines = lines
  }

  init(path: String, text: String) {
    self.path = path
    self.lines = text.components(separatedBy: "\n")
  }

  var folder: Substring { path.prefix { $0 != "/" } }
  /// `Billing` for `Sources/Billing/Values/Money.swift`.
  var target: String { path.components(separatedBy: "/")[1] }
  var name: String { String(path.split(separator: "/").last ?? "").replacing(".swift", with: "") }
}
