import Ledger
import Synchronization

/// Hands out pages of rows one after the other, then `nil`.
final class Pages: Sendable {
  private let left: Mutex<[[UsageRow]]>

  init(_ pages: [[UsageRow]]) { left = Mutex(pages) }

  func next() -> [UsageRow]? {
    left.withLock { $0.isEmpty ? nil : $0.removeFirst() }
  }
}
