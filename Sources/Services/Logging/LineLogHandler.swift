import Billing
import Ledger
import Logging

public enum LogFormat: String, Sendable, CaseIterable {
  case text, json
}

/// Writes one line per message in a single `write`, so that lines from several threads and
/// processes never mix. Control characters are escaped: a value can neither begin a new line nor
/// move a terminal's cursor.
public struct LineLogHandler: LogHandler {
  public var logLevel: Logger.Level
  public var metadata: Logger.Metadata = [:]
  public var metadataProvider: Logger.MetadataProvider?
  private let service: String
  private let format: LogFormat
  private let write: Write

  /// Receives a whole line with its line feed, and a function for the line that reports how many
  /// lines are missing before it.
  public typealias Write = @Sendable (_ line: [UInt8], _ missing: (Int) -> [UInt8]) -> Void

  public init(
    service: String, level: Logger.Level, format: LogFormat,
    write: @escaping Write = LineLogHandler.standardError
  ) {
    self.service = service
    self.logLevel = level
    self.format = format
    self.write = write
  }

  public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  public func log(event: LogEvent) {
    var line = line(event.level, event.message.description)
    for (key, value) in fields(of: event).sorted(by: { $0.key < $1.key }) {
      line.extra(key, value)
    }
    if let error = event.error { line.extra("error", "\(error)") }
    write(line.finished()) { count in
      var notice = self.line(.warning, "log lines are missing here: they could not be written")
      notice.extra("lines", .stringConvertible(count))
      return notice.finished()
    }
  }

  private func line(_ level: Logger.Level, _ message: String) -> LogLine {
    var line = LogLine(format: format)
    line.field("time", LedgerClock.system.now().rfc3339)
    line.field("level", level.rawValue)
    line.field("service", service)
    line.field("message", message)
    return line
  }

  private func fields(of event: LogEvent) -> Logger.Metadata {
    var all = metadata
    if let provided = metadataProvider?.get() { all.merge(provided) { $1 } }
    if let own = event.metadata { all.merge(own) { $1 } }
    return all
  }

  public static let standardError: Write = { LogSink.standardError.write($0, missing: $1) }
}

/// The one way to a logger: the services hand it to the libraries they use.
public func makeLogger(service: ServiceName, settings: Settings) -> Logger {
  Logger(label: service.rawValue) { _ in
    LineLogHandler(
      service: service.rawValue, level: settings.logLevel, format: settings.logFormat)
  }
}

/// A log line in the making: `time level service message key=value …`, or one JSON object in
/// which no key stands twice.
struct LogLine {
  private let format: LogFormat
  private var bytes: [UInt8] = []
  private var keys: Set<String> = []

  init(format: LogFormat) {
    self.format = format
    bytes.reserveCapacity(256)
  }

  /// The fields every line has; they come first, and the text form does not name them.
  mutating func field(_ key: String, _ value: String) {
    keys.insert(key)
    switch format {
    case .json:
      begin(key)
      quoted(value)
    case .text:
      if !bytes.isEmpty { bytes.append(UInt8(ascii: " ")) }
      escaped(value)
    }
  }

  /// Additional fields, named in both forms. A key that is already taken is written as
  /// `fields.KEY`, because a JSON reader keeps only the last of two equal keys.
  mutating func extra(_ key: String, _ value: Logger.MetadataValue) {
    var key = key
    while !keys.insert(key).inserted { key = "fields.\(key)" }
    switch format {
    case .json:
      begin(key)
      json(value)
    case .text:
      if !bytes.isEmpty { bytes.append(UInt8(ascii: " ")) }
      plain(key)
      bytes.append(UInt8(ascii: "="))
      plain(value.description)
    }
  }

  mutating func finished() -> [UInt8] {
    if format == .json { bytes.append(UInt8(ascii: "}")) }
    bytes.append(UInt8(ascii: "\n"))
    return bytes
  }

  // MARK: JSON

  private mutating func begin(_ key: String) {
    bytes.append(UInt8(ascii: bytes.isEmpty ? "{" : ","))
    quoted(key)
    bytes.append(UInt8(ascii: ":"))
  }

  /// Numbers and Booleans keep their type; a text never becomes a number, so an id made of digits
  /// stays a text.
  private mutating func json(_ value: Logger.MetadataValue) {
    switch value {
    case .string(let text): quoted(text)
    case .stringConvertible(let value):
      if let literal = Self.literal(value) {
        bytes.append(contentsOf: literal.utf8)
      } else {
        quoted(value.description)
      }
    case .array(let values):
      list("[", "]", values) { $0.json($1) }
    case .dictionary(let values):
      list("{", "}", values.sorted { $0.key < $1.key }) { line, pair in
        line.quoted(pair.key)
        line.bytes.append(UInt8(ascii: ":"))
        line.json(pair.value)
      }
    }
  }

  private mutating func list<Element>(
    _ opening: Unicode.Scalar, _ closing: Unicode.Scalar, _ elements: [Element],
    _ write: (inout LogLine, Element) -> Void
  ) {
    bytes.append(UInt8(ascii: opening))
    for (index, element) in elements.enumerated() {
      if index > 0 { bytes.append(UInt8(ascii: ",")) }
      write(&self, element)
    }
    bytes.append(UInt8(ascii: closing))
  }

  private static func literal(_ value: any CustomStringConvertible) -> String? {
    switch value {
    case let flag as Bool: flag ? "true" : "false"
    case let number as any BinaryInteger: number.description
    case let number as Double where number.isFinite: number.description
    default: nil
    }
  }

  // MARK: Text

  private mutating func plain(_ value: String) {
    if Self.isPlain(value) { bytes.append(contentsOf: value.utf8) } else { quoted(value) }
  }

  private static func isPlain(_ value: String) -> Bool {
    !value.isEmpty
      && value.unicodeScalars.allSatisfy {
        $0 != " " && $0 != "\"" && $0 != "=" && $0 != "\\" && !$0.isControl
      }
  }

  private mutating func quoted(_ value: String) {
    bytes.append(UInt8(ascii: "\""))
    for scalar in value.unicodeScalars {
      if scalar == "\"" || scalar == "\\" { bytes.append(UInt8(ascii: "\\")) }
      append(scalar)
    }
    bytes.append(UInt8(ascii: "\""))
  }

  private mutating func escaped(_ value: String) {
    for scalar in value.unicodeScalars { append(scalar) }
  }

  private mutating func append(_ scalar: Unicode.Scalar) {
    guard scalar.isControl else {
      return bytes.append(contentsOf: UTF8.encode(scalar) ?? .init())
    }
    let digits = String(scalar.value, radix: 16)
    bytes.append(contentsOf: "\\u".utf8)
    bytes.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: 4 - digits.utf8.count))
    bytes.append(contentsOf: digits.utf8)
  }
}
