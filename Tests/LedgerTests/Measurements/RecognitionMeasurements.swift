import Billing
import Foundation
import Glibc
import Ledger
import Testing

/// What it costs to ask whether messages were committed, beside the question for answers alone that
/// was asked before. `MONTHCLOSE_MEASURE=1` measures at full size; build for release to compare.
@Suite(.serialized) struct RecognitionMeasurements {
  private static let isFull = getenv("MONTHCLOSE_MEASURE") != nil

  @Test(arguments: Implementation.all) func `Of messages`(_ store: Implementation) async throws {
    try await store.withStore { store in
      try await store.add(sampleAccount())
      let messages = (0..<(Self.isFull ? 64_000 : 640)).map { number in
        ReceivedMessage(
          id: "invoice.issued:2026-11/account-\(number)", sender: .invoicer,
          body: Array("\(number)".utf8) + [UInt8](repeating: 65, count: 700))
      }
      let batches = stride(from: 0, to: messages.count, by: 64).map { messages[$0..<($0 + 64)] }
      for batch in batches {
        let changes = batch.map { message in
          var event = sampleEvent(message.id)
          event.body = message.body
          return change("of \(message.id)", by: .invoicer, events: [event])
        }
        _ = try await store.commit(changes, published: [])
      }
      for round in 1...2 {
        try await time("answered alone, round \(round)", batches) { batch in
          let found = try await store.answered(batch.map(\.id), by: .charger)
          #expect(found.isEmpty)
        }
        try await time("recognised, round \(round)", batches) { batch in
          let found = try await store.recognise(Array(batch), by: .charger)
          #expect(found.count == 64)
        }
      }
    }
  }

  private func time(
    _ what: String, _ batches: [ArraySlice<ReceivedMessage>],
    _ body: (ArraySlice<ReceivedMessage>) async throws -> Void
  ) async throws {
    var durations: [Duration] = []
    let processor = processorSeconds()
    for batch in batches {
      let start = ContinuousClock.now
      try await body(batch)
      durations.append(ContinuousClock.now - start)
    }
    durations.sort()
    let sum = durations.reduce(.zero, +)
    print(
      "  batch of 64, \(what): median \(durations[durations.count / 2]), "
        + "mean \(sum / durations.count), processor "
        + "\(Int((processorSeconds() - processor) / Double(batches.count) * 1e6)) µs")
  }

  /// Of the whole process: what a busy machine does not blur.
  private func processorSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}
