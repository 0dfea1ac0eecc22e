/// Finished items, in the order in which they finish, handed over in groups.
actor ArrivalQueue<Element: Sendable> {
  private var elements: [Element] = []
  private var waiting: CheckedContinuation<Void, Never>?

  func add(_ element: Element) {
    elements.append(element)
    waiting?.resume()
    waiting = nil
  }

  /// Waits for a first one, then a moment for more, and takes all of them. One caller at a time.
  func take(after moment: () async -> Void) async -> [Element] {
    if elements.isEmpty { await withCheckedContinuation { waiting = $0 } }
    await moment()
    defer { elements = [] }
    return elements
  }
}
