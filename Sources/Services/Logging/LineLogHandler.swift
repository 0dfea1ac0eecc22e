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
