import Endpoints
import Synchronization
import Testing

@testable import Broker

@Suite("Threads of the broker layer")
struct ThreadsTests {
  @Test
  func `A posted command wakes a sleeping thread well within a millisecond`() async {
    let inbox = ThreadInbox<ContinuousClock.Instant>()
    let durations = await withCheckedContinuation { done in
      DedicatedThread.start {
        var durations: [Duration] = []
        while durations.count < 200 {
          for posted in inbox.take() { durations.append(.now - posted) }
          inbox.sleep(until: .now + .seconds(5), descriptor: nil)
        }
        done.resume(returning: durations)
      }
      DedicatedThread.start {
        while inbox.post(.now) {
          let pause = ContinuousClock.now + .microseconds(300)
          while .now < pause {}
          if inbox.fileDescriptor < 0 { break }
        }
      }
    }
    _ = inbox.close()
    // Of a machine that is busy with other tests only the quickest tell something.
    let quick = durations.sorted()[durations.count / 20]
    print("hand-over to a connection's thread: \(quick), of the quickest twentieth")
    #expect(quick < .milliseconds(1))
  }

  @Test
  func `Deadlines fire in order, and not when cancelled`() async {
    let fired = Mutex<[Int]>([])
    let start = ContinuousClock.now
    await withCheckedContinuation { done in
      let cancelled = Deadlines.shared.schedule(at: start + .milliseconds(5)) {
        fired.withLock { $0.append(0) }
      }
      for number in [3, 1, 2] {
        _ = Deadlines.shared.schedule(at: start + .milliseconds(10 * number)) {
          fired.withLock { $0.append(number) }
          if number == 3 { done.resume() }
        }
      }
      Deadlines.shared.cancel(cancelled)
    }
    #expect(fired.withLock { $0 } == [1, 2, 3])
    #expect(ContinuousClock.now - start >= .milliseconds(30))
  }

  @Test
  func `The first answer counts, and a missing one is timed out`() async throws {
    let reply = Reply<Int>()
    reply.resolve(.success(1))
    reply.resolve(.success(2))
    try await #expect(reply.value(within: .seconds(5), "counting") == 1)
    let silent = Reply<Int>()
    await #expect(throws: BrokerError.timedOut("counting, after 0.01 seconds")) {
      try await silent.value(within: .milliseconds(10), "counting")
    }
  }

  @Test
  func `The pause doubles up to its ceiling and is spread`() {
    var backoff = Backoff(floor: .milliseconds(200), ceiling: .seconds(10))
    let pauses = (0..<8).map { _ in backoff.next() }
    #expect(
      pauses == [200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000].map { .milliseconds($0) })
    for _ in 0..<100 { #expect((.seconds(5) ... .seconds(10)).contains(backoff.nextSpread())) }
    backoff.reset()
    #expect(backoff.nextSpread(0.5) == .milliseconds(100))
  }
}

@Suite("The consumer's buffer")
struct ConsumerBufferTests {
  private func delivery(_ number: UInt64) -> Delivery {
    Delivery(
      tag: .init(connection: 1, number: number), queue: "a", exchange: "", routingKey: "a",
      redelivered: false, messageID: "\(number)", type: nil, contentType: nil, headers: [:],
      body: [])
  }

  @Test
  func `Lingers for more, but not once the limit or the prefetch is reached`() async {
    let buffer = ConsumerBuffer(prefetch: 3)
    buffer.offer([delivery(1)])
    let start = ContinuousClock.now
    #expect(await buffer.next(limit: 5, linger: .milliseconds(20))?.ids == ["1"])
    #expect(ContinuousClock.now - start >= .milliseconds(20))
    buffer.offer([delivery(2), delivery(3)])
    #expect(await buffer.next(limit: 1, linger: .seconds(60))?.ids == ["2"])
    #expect(await buffer.next(limit: 5, linger: .seconds(60))?.ids == ["3"])
    _ = buffer.settled([Settlement(delivery(1).tag, .acknowledge)])
    async let more = buffer.next(limit: 2, linger: .seconds(60))
    buffer.offer([delivery(4)])
    #expect(await more?.ids == ["4"])
  }

  @Test
  func `A settlement counts once, and not after its connection is gone`() async {
    let buffer = ConsumerBuffer(prefetch: 3)
    buffer.offer([delivery(1), delivery(2)])
    _ = await buffer.next(limit: 2, linger: .zero)
    let one = Settlement(delivery(1).tag, .acknowledge)
    #expect(buffer.settled([one, one]) == [one])
    buffer.forgetAll()
    #expect(buffer.settled([Settlement(delivery(2).tag, .acknowledge)]) == [])
  }
}
