import Billing
import Glibc
import Ledger
import Logging

public enum LogFormat: String, Sendable, CaseIterable {
  case text, json
}

/// Writes one line for each message, in one `write`, so that lines of several threads and processes
/// never mix. Control characters are escaped: what a value holds can neither begin a line of its
/// own nor move a terminal's cursor.
public struct LineLogHandler: LogHandler {
  public var logLevel: Logger.Level
  public var metadata: Logger.Metadata = [:]
  public var metadataProvider: Logger.MetadataProvider?
  private let service: String
  private let format: LogFormat
  private let write: @Sendable ([UInt8]) -> Void

  /// `write` gets whole lines with their line feed; standard error unless told otherwise.
  public init(
    service: String, level: Logger.Level, format: LogFormat,
    write: @escaping @Sendable ([UInt8]) -> Void = LineLogHandler.standardError
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
    var line = LogLine(format: format)
    line.field("time", LedgerClock.system.now().rfc3339)
    line.field("level", event.level.rawValue)
    line.field("service", service)
    line.field("message", event.message.description)
    for (key, value) in fields(of: event).sorted(by: { $0.key < $1.key }) {
      line.field(key, value.description, isExtra: true)
    }
    if let error = event.error { line.field("error", "\(error)", isExtra: true) }
    write(line.finished())
  }

  private func fields(of event: LogEvent) -> Logger.Metadata {
    var all = metadata
    if let provided = metadataProvider?.get() { all.merge(provided) { $1 } }
    if let own = event.metadata { all.merge(own) { $1 } }
    return all
  }

  /// A line that cannot be written is dropped: a service does not stop because nobody reads its
  /// log.
  public static let standardError: @Sendable ([UInt8]) -> Void = { line in
    line.withUnsafeBytes { bytes in
      var done = 0
      while done < bytes.count {
        let count = Glibc.write(2, bytes.baseAddress! + done, bytes.count - done)
        if count < 0 && errno != EINTR { return }
        done += max(count, 0)
      }
    }
  }
}

/// The one way to a logger: the services hand it to the libraries they use.
public func makeLogger(service: ServiceName, settings: Settings) -> Logger {
  Logger(label: service.rawValue) { _ in
    LineLogHandler(
      service: service.rawValue, level: settings.logLevel, format: settings.logFormat)
  }
}
