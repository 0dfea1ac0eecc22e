import Foundation
import Testing

/// Data files that lie beside the checkout and are not part of the project.
enum SharedData {
  private static let folder = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().appendingPathComponent("../../../../shared/data").standardized.path

  static let isThere = FileManager.default.fileExists(atPath: folder)
  static let absence: Comment = "NOT RUN: there is no folder ../shared/data beside the checkout"

  static func path(_ name: String) -> String { "\(folder)/\(name)" }
}
