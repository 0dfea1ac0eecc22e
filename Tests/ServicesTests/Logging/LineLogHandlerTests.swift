import Billing
import Ledger
import Logging
import Synchronization
import Testing

@testable import Services

@Suite struct LineLogHandlerTests {
  /// Collects the lines of one logger.
  private final class Lines: Sendable {
    let all = Mutex<[String]>([])
    /// What would be written for three lines that are missing.
    let missing = Mutex("")

    func logger(_ format: LogFormat, level: Logger.Level = .info) -> Logger {
      Logger(label: "test") { _ in
        LineLogHandler(service: "charger", level: level, format: format) { line, missing in
          self.missing.withLock { $0 = String(decoding: missing(3), as: UTF8.self) }
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

  @Test func `Text lines have their fields in order`() {
    let lines = Lines()
    var logger = lines.logger(.text)
    logger[metadataKey: "queue"] = "charger"
    logger.info("started", metadata: ["batch": "64", "why": "so it is"])
    logger.debug("not shown")
    #expect(
      lines.withoutTime
        == ["info charger started batch=64 queue=charger why=\"so it is\"\n"])
  }

  @Test func `JSON lines are objects`() {
    let lines = Lines()
    lines.logger(.json).error("it \"broke\"", metadata: ["at": "C:\\x"])
    #expect(
      lines.withoutTime == [
        #""level":"error","service":"charger","message":"it \"broke\"","at":"C:\\x"}"# + "\n"
      ])
    #expect(lines.all.withLock { $0[0].hasPrefix(#"{"time":"2"#) })
  }

  @Test func `No key stands twice`() {
    let lines = Lines()
    var logger = lines.logger(.json)
    logger[metadataKey: "message"] = "m-1"
    logger.error(
      "it broke", error: Sentence("no disk"),
      metadata: ["time": "now", "error": "one", "fields.error": "two"])
    #expect(
      lines.withoutTime == [
        #""level":"error","service":"charger","message":"it broke","error":"one","#
          + #""fields.error":"two","fields.message":"m-1","fields.time":"now","#
          + #""fields.fields.error":"no disk"}"# + "\n"
      ])
  }

  private struct Sentence: Error, CustomStringConvertible {
    var description: String
    init(_ description: String) { self.description = description }
  }

  @Test func `Numbers are numbers and ids of digits are not`() {
    let lines = Lines()
    lines.logger(.json).info(
      "x",
      metadata: [
        "a": .stringConvertible(64), "b": .stringConvertible(0.25), "c": "64",
        "d": .stringConvertible(true), "e": .stringConvertible(Double.nan),
        "f": .array([.stringConvertible(1), "two"]),
        "g": .dictionary(["z": .stringConvertible(-1), "a": "\"b"]),
        "h": .seconds(.milliseconds(1500)),
      ])
    #expect(
      lines.withoutTime == [
        #""level":"info","service":"charger","message":"x","a":64,"b":0.25,"c":"64","d":true,"#
          + #""e":"nan","f":[1,"two"],"g":{"a":"\"b","z":-1},"h":1.5}"# + "\n"
      ])
  }

  @Test(
    arguments: LogFormat.allCases,
    [
      "a\nerror charger paid", "a\r\u{1B}[2Jb", "a\u{85}b", "a\u{2028}b", "a\u{202E}b", "a\u{0}b",
    ])
  func `Control characters neither break lines nor move cursors`(
    _ format: LogFormat, _ value: String
  ) {
    let lines = Lines()
    lines.logger(format).info("\(value)", metadata: ["\(value)": "\(value)"])
    let line = lines.all.withLock { $0[0] }
    #expect(line.utf8.filter { $0 == 0x0A }.count == 1 && line.utf8.last == 0x0A)
    #expect(
      line.unicodeScalars.dropLast().allSatisfy {
        ![.control, .lineSeparator, .format].contains($0.properties.generalCategory)
      })
  }

  @Test func `That lines are missing is a line of the same form`() {
    let lines = Lines()
    lines.logger(.json).info("x")
    let notice = lines.missing.withLock { $0 }
    #expect(notice.hasPrefix(#"{"time":"2"#) && notice.hasSuffix(#","lines":3}"# + "\n"))
  }

  @Test func `A logger follows the settings`() throws {
    let settings = try Settings.read(
      service: .mailer, environment: ["MONTHCLOSE_LOG_LEVEL": "warning"], arguments: [])
    #expect(makeLogger(service: .mailer, settings: settings).logLevel == .warning)
  }
}
