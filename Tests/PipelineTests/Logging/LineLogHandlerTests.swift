import Ledger
import Logging
import Synchronization
import Testing

@testable import Pipeline

@Suite struct LineLogHandlerTests {
  /// Collects the lines of one logger.
  private final class Lines: Sendable {
    let all = Mutex<[String]>([])

    func logger(_ format: LogFormat, level: Logger.Level = .info) -> Logger {
      Logger(label: "test") { _ in
        LineLogHandler(service: "charger", level: level, format: format) { line in
          self.all.withLock { $0.append(String(decoding: line, as: UTF8.self)) }
        }
      }
    }

    /// Without the time, which is the first field.
    var withoutTime: [String] {
      all.withLock { lines in
        lines.map { line in
          let mark: Character = line.first == "{" ? "," : " "
          return line.firstIndex(of: mark).map { String(line[$0...].dropFirst()) } ?? line
        }
      }
    }
  }

  @Test func textLinesHaveTheirFieldsInOrder() {
    let lines = Lines()
    var logger = lines.logger(.text)
    logger[metadataKey: "queue"] = "charger"
    logger.info("started", metadata: ["batch": "64", "why": "so it is"])
    logger.debug("not shown")
    #expect(
      lines.withoutTime
        == ["info charger started batch=64 queue=charger why=\"so it is\"\n"])
  }

  @Test func jsonLinesAreObjects() {
    let lines = Lines()
    lines.logger(.json).error("it \"broke\"", metadata: ["at": "C:\\x"])
    #expect(
      lines.withoutTime == [
        #""level":"error","service":"charger","message":"it \"broke\"","at":"C:\\x"}"# + "\n"
      ])
    #expect(lines.all.withLock { $0[0].hasPrefix(#"{"time":"2"#) })
  }

  @Test(
    arguments: LogFormat.allCases,
    [
      "a\nerror charger paid", "a\r\u{1B}[2Jb", "a\u{85}b", "a\u{2028}b", "a\u{202E}b", "a\u{0}b",
    ])
  func controlCharactersNeitherBreakLinesNorMoveCursors(_ format: LogFormat, _ value: String) {
    let lines = Lines()
    lines.logger(format).info("\(value)", metadata: ["\(value)": "\(value)"])
    let line = lines.all.withLock { $0[0] }
    #expect(line.utf8.filter { $0 == 0x0A }.count == 1 && line.utf8.last == 0x0A)
    #expect(
      line.unicodeScalars.dropLast().allSatisfy {
        ![.control, .lineSeparator, .format].contains($0.properties.generalCategory)
      })
  }

  @Test func aLoggerFollowsTheSettings() throws {
    let settings = try Settings.read(
      service: .mailer, environment: ["MONTHCLOSE_LOG_LEVEL": "warning"], arguments: [])
    #expect(makeLogger(service: .mailer, settings: settings).logLevel == .warning)
  }
}
