import Logging
import Synchronization

@testable import Services

/// What is logged, from `info` on.
final class LoggedLines: Sendable {
  let all = Mutex<[String]>([])
  var logger: Logger {
    Logger(label: "test") { _ in
      LineLogHandler(service: "test", level: .info, format: .text) { line, _ in
        let text = String(decoding: line, as: UTF8.self)
        self.all.withLock { $0.append(text) }
      }
    }
  }

  /// Since the last time.
  func taken() -> [String] {
    all.withLock { lines in
      defer { lines = [] }
      return lines
    }
  }
}

/// What happened, in order.
final class Recording<Value: Sendable>: Sendable {
  private let values = Mutex<[Value]>([])

  var all: [Value] { values.withLock { $0 } }

  func add(_ more: Value...) { values.withLock { $0 += more } }
}
