import Foundation

/// The mails of a Maildir, by their Message-IDs.
struct Maildir: Sendable {
  private let folders: [URL]

  /// A usage error unless it contains a folder `new` or `cur`.
  init(_ path: String) throws {
    let root = URL(fileURLWithPath: path, isDirectory: true)
    folders = ["new", "cur"].map { root.appendingPathComponent($0, isDirectory: true) }
      .filter { FileManager.default.fileExists(atPath: $0.path) }
    if folders.isEmpty {
      throw Misuse("\(path) is not a Maildir: it has no folder new or cur")
    }
  }

  /// Local parts, each as often as a mail has it. A mail without one is named by its file name.
  func messageIDs() throws -> [String] {
    var ids: [String] = []
    for folder in folders {
      for name in try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() {
        let file = folder.appendingPathComponent(name)
        ids.append(Self.messageID(try Data(contentsOf: file)) ?? "no Message-ID in \(name)")
      }
    }
    return ids
  }

  /// The header may be in any case, and folded after its colon.
  static func messageID(_ mail: Data) -> String? {
    var value: String?
    for bytes in mail.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      let line = String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .newlines)
      if line.isEmpty { break }  // The body begins.
      let isFolded = line.first == " " || line.first == "\t"
      if value != nil {
        if !isFolded { break }
        value? += line
      } else if line.lowercased().hasPrefix("message-id:") {
        value = String(line.dropFirst("message-id:".count))
      }
    }
    guard let text = value?.filter({ !" \t<>".contains($0) }), !text.isEmpty else { return nil }
    return text.lastIndex(of: "@").map { String(text[..<$0]) } ?? text
  }
}
