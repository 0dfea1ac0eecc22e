import Foundation
import Testing

@testable import Services

/// What compose/ and systemd/ set has to be what the programs know: a key nobody knows ends them.
@Suite struct DeploymentKeysTests {
  private static let root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  /// Every file of a folder with the keys it names.
  private func named(in folder: String) throws -> [(file: String, keys: Set<String>)] {
    let base = Self.root.appendingPathComponent(folder)
    let names = FileManager.default.enumerator(atPath: base.path)?.compactMap { $0 as? String }
    return try (names ?? []).compactMap { name in
      let url = base.appendingPathComponent(name)
      guard try url.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile == true else {
        return nil
      }
      let text = String(decoding: try Data(contentsOf: url), as: UTF8.self)
      let keys = text.matches(of: /\bMONTHCLOSE_[A-Z0-9_]+/).map { String($0.output) }
      return keys.isEmpty ? nil : ("\(folder)/\(name)", Set(keys))
    }
  }

  @Test(arguments: ["compose", "systemd"])
  func `Every key that is set is known`(folder: String) throws {
    let known = Set(SettingKey.all.flatMap { [$0.variable, $0.fileVariable].compactMap { $0 } })
    let files = try named(in: folder)
    #expect(!files.isEmpty)
    for (file, keys) in files {
      let unknown = keys.subtracting(known).sorted()
      #expect(unknown.isEmpty, "\(file) sets what no program knows: \(unknown)")
    }
  }

  @Test(arguments: ["compose", "systemd"])
  func `What is for trials and tests is not set`(folder: String) throws {
    for (file, keys) in try named(in: folder) {
      #expect(keys.isDisjoint(with: ["MONTHCLOSE_CLOCK_FILE", "MONTHCLOSE_CRASH_AT"]), "\(file)")
    }
  }
}
