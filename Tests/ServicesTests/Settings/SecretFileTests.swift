import Billing
import Foundation
import Glibc
import Testing

@testable import Services

@Suite(.timeLimit(.minutes(1))) struct SecretFileTests {
  /// A folder that other users may enter, so that a file's own rights count.
  private func withSecret(
    _ mode: mode_t, folderMode: mode_t = 0o755, _ body: (String) throws -> Void
  ) throws {
    let folder = "/tmp/secret-\(UUID().uuidString)"
    mkdir(folder, 0o755)
    let path = "\(folder)/key"
    try Data("sk_live_1\n".utf8).write(to: URL(fileURLWithPath: path))
    chmod(path, mode)
    chmod(folder, folderMode)
    defer { try? FileManager.default.removeItem(atPath: folder) }  // it is in /tmp
    try body(path)
  }

  private func read(_ path: String) throws -> Settings {
    try Settings.read(
      service: .charger, environment: ["MONTHCLOSE_GATEWAY_KEY_FILE": path], arguments: [])
  }

  private func secret(_ path: String) throws -> String { try SecretFile.read(path) }

  @Test(arguments: [0o600, 0o640, 0o660, 0o400] as [mode_t])
  func `Secret of owner and group is read`(_ mode: mode_t) throws {
    try withSecret(mode) { path in
      let settings = try read(path)
      #expect(settings.gatewayKey == "sk_live_1")
      #expect(settings.warnings.isEmpty)
    }
  }

  @Test(arguments: [0o644, 0o444] as [mode_t])
  func `Secret that everybody can read is read with a warning`(_ mode: mode_t) throws {
    try withSecret(mode) { path in
      let settings = try read(path)
      #expect(settings.gatewayKey == "sk_live_1")
      #expect(
        settings.warnings == [
          "MONTHCLOSE_GATEWAY_KEY_FILE: every user on this machine can read "
            + "\(path); restrict it to its owner (chmod 600) or its group (640)"
        ])
    }
  }

  @Test func `Folder that is closed protects what is in it`() throws {
    try withSecret(0o644, folderMode: 0o700) { path in
      let settings = try read(path)
      #expect(settings.warnings.isEmpty)
    }
  }

  @Test func `Secret that everybody can write is refused`() throws {
    try withSecret(0o666) { path in
      let error = #expect(throws: SettingsError.self) { try read(path) }
      #expect(
        error?.problems == [
          "MONTHCLOSE_GATEWAY_KEY_FILE: expected a file with one line, found one "
            + "that every user on this machine may write to (chmod o-w) (\(path))"
        ])
    }
  }

  @Test func `Key of a certificate is looked at too`() throws {
    try withSecret(0o644) { path in
      let settings = try Settings.read(
        service: .charger, environment: ["MONTHCLOSE_BROKER_KEY_FILE": path], arguments: [])
      #expect(settings.warnings.count == 1)
    }
    try withSecret(0o646) { path in
      #expect(throws: SettingsError.self) {
        try Settings.read(
          service: .charger, environment: ["MONTHCLOSE_BROKER_KEY_FILE": path], arguments: [])
      }
    }
  }

  /// `<(…)` of a shell, and container platforms' links.
  @Test func `Pipes and links are followed`() throws {
    try withSecret(0o600) { path in
      symlink(path, path + ".link")
      let behindLink = try secret(path + ".link")
      #expect(behindLink == "sk_live_1")
      mkfifo(path + ".fifo", 0o600)
      let writer = Thread {
        let end = open(path + ".fifo", O_WRONLY)
        _ = write(end, "from a pipe\n", 12)
        close(end)
      }
      writer.start()
      let fromPipe = try secret(path + ".fifo")
      #expect(fromPipe == "from a pipe")
    }
  }

  @Test func `Folders and devices are no secrets`() throws {
    for (path, kind) in [("/tmp", "a directory"), ("/dev/zero", "a device")] {
      let error = #expect(throws: SecretFile.Unusable.self) { try secret(path) }
      #expect(error?.why == kind)
    }
  }
}
