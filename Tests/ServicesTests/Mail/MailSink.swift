import Foundation

/// Debian's aiosmtpd as a sink that keeps mails in a folder, and Debian's Python as somebody else's
/// opinion of what a mail says.
final class MailSink {
  static let python = "/usr/bin/python3"

  /// `nil`, said aloud, where it is not installed.
  static let isInstalled: Bool = {
    guard FileManager.default.isExecutableFile(atPath: python),
      let status = try? run(["-c", "import aiosmtpd"]).status, status == 0
    else {
      print("SKIPPED: tests against a real mail sink need Debian's python3-aiosmtpd")
      return false
    }
    return true
  }()

  struct Received: Decodable, Equatable {
    var headers: [[String]]
    var to: [[String]]
    var text: String
    var html: String
    var defects: [String]
    var longestLine: Int

    func values(_ name: String) -> [String] {
      headers.filter { $0[0].lowercased() == name.lowercased() }.map { $0[1] }
    }
  }

  let port: Int
  private let folder: URL
  private let process = Process()

  init() throws {
    port = ScriptedSMTPServer.freePort()
    folder = FileManager.default.temporaryDirectory.appending(
      path: "month-close-sink-\(UUID().uuidString)")
    process.executableURL = URL(fileURLWithPath: Self.python)
    process.arguments = [
      "-m", "aiosmtpd", "-n", "-l", "127.0.0.1:\(port)", "-c", "aiosmtpd.handlers.Mailbox",
      folder.path,
    ]
    process.standardError = FileHandle.nullDevice
    try process.run()
  }

  func stop() {
    // Children of Swift's pool threads inherit their signal mask, in which SIGTERM is blocked.
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    // A folder that stays behind in the temporary directory harms nobody.
    try? FileManager.default.removeItem(at: folder)
  }

  /// Every mail, as Python's `email` package reads it.
  func received() throws -> [Received] {
    let output = try Self.run(["-c", Self.reader, folder.path]).output
    return try JSONDecoder().decode([Received].self, from: output)
  }

  private static let reader = """
    import sys, os, json, email, email.policy, email.utils
    out = []
    folder = os.path.join(sys.argv[1], 'new')
    for name in sorted(os.listdir(folder)):
        raw = open(os.path.join(folder, name), 'rb').read()
        mail = email.message_from_bytes(raw, policy=email.policy.default)
        part = lambda kind: mail.get_body((kind,)).get_content()
        defects = list(mail.defects) + [d for p in mail.iter_parts() for d in p.defects]
        defects += [d for h in mail.values() for d in h.defects]
        out.append({'headers': [[k, str(v)] for k, v in mail.items()],
          'to': [[a.display_name, a.addr_spec] for a in mail['To'].addresses],
          'text': part('plain'), 'html': part('html'), 'defects': [str(d) for d in defects],
          'longestLine': max(len(l) for l in raw.splitlines())})
    print(json.dumps(out))
    """

  private static func run(_ arguments: [String]) throws -> (status: Int32, output: Data) {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(fileURLWithPath: python)
    process.arguments = arguments
    process.standardOutput = pipe
    process.standardError = FileHandle.nullDevice
    try process.run()
    let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return (process.terminationStatus, output)
  }
}
