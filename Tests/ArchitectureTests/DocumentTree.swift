import Foundation

/// The project's documents, and the other files that may name one of them.
enum DocumentTree {
  /// Every Markdown page, in order of its path.
  static let pages: [Document] = (top + folder("docs")).filter { $0.hasSuffix(".md") }.sorted()
    .map(Document.init)

  /// What a sentence of a program, a script or a unit may send its reader to: `docs/files.md`.
  static let mentioning: [SourceFile] =
    SourceTree.files
    + (["Makefile"] + ["compose", "endtoend", "monitoring", "scripts", "systemd"].flatMap(folder))
    .map { SourceFile(path: $0) }

  static func exists(_ path: String) -> Bool {
    FileManager.default.fileExists(atPath: SourceTree.root.appendingPathComponent(path).path)
  }

  private static var top: [String] {
    do {
      return try FileManager.default.contentsOfDirectory(atPath: SourceTree.root.path)
    } catch {
      return []  // no pages at all, which a test refuses
    }
  }

  private static func folder(_ name: String) -> [String] {
    let all = FileManager.default.enumerator(
      atPath: SourceTree.root.appendingPathComponent(name).path)
    return (all?.compactMap { $0 as? String } ?? []).map { "\(name)/\($0)" }.filter(isFile)
  }

  /// Programs that were built and what Python leaves behind are no text.
  private static func isFile(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    let there = FileManager.default.fileExists(
      atPath: SourceTree.root.appendingPathComponent(path).path, isDirectory: &isFolder)
    return there && !isFolder.boolValue && !path.contains("/programs/")
      && !path.contains("/__pycache__/")
  }
}

/// A Markdown page: where it leads, and where one can come to.
struct Document: Sendable {
  struct Link: Sendable {
    var line: Int
    /// `../prices.md#flat`, as it is written.
    var target: String
  }

  let path: String
  let links: [Link]
  let anchors: Set<String>

  init(path: String) { self.init(path: path, lines: SourceFile(path: path).lines) }

  init(path: String, lines: [String]) {
    self.path = path
    var links: [Link] = []
    var anchors: [String] = []
    var isCode = false
    for (index, line) in lines.enumerated() {
      if line.hasPrefix("```") { isCode.toggle() }
      if isCode || line.hasPrefix("    ") { continue }
      if line.hasPrefix("#") { anchors.append(Self.anchor(line)) }
      links += Self.withoutCode(line).matches(of: /\]\(([^)\s]+)\)/).map {
        Link(line: index + 1, target: String($0.1))
      }
    }
    self.links = links
    self.anchors = Set(anchors)
  }

  /// The page a link leads to, from the project's root, and the heading; `nil`: it leads elsewhere.
  func destination(_ target: String) -> (path: String, anchor: String?)? {
    if target.contains("://") || target.hasPrefix("mailto:") { return nil }
    let parts = target.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
    let anchor = parts.count > 1 ? String(parts[1]) : nil
    if parts[0].isEmpty { return (path, anchor) }
    var folders = path.split(separator: "/").dropLast().map(String.init)
    for part in parts[0].split(separator: "/") where part != "." {
      if part == ".." { _ = folders.popLast() } else { folders.append(String(part)) }
    }
    return (folders.joined(separator: "/"), anchor)
  }

  /// A heading's name in a link, as GitHub makes it.
  static func anchor(_ heading: String) -> String {
    heading.drop { $0 == "#" }.trimmingCharacters(in: .whitespaces).lowercased()
      .replacing(" ", with: "-").filter { $0.isLetter || $0.isNumber || "-_".contains($0) }
  }

  private static func withoutCode(_ line: String) -> String {
    line.split(separator: "`", omittingEmptySubsequences: false).enumerated()
      .map { $0.offset % 2 == 0 ? String($0.element) : "" }.joined(separator: "`")
  }
}
