import Synchronization
import Testing

@testable import Pipeline

@Suite struct PutOffsTests {
  @Test func anotherCopyIsKnownUntilTheFirstMayBeBack() {
    let time = Mutex(Duration.zero)
    let putOffs = PutOffs { time.withLock { $0 } }
    putOffs.add("a", for: .seconds(10), since: putOffs.time)
    #expect(putOffs.isAnotherCopy("a"))
    #expect(!putOffs.isAnotherCopy("b") && !putOffs.isAnotherCopy(nil))
    time.withLock { $0 = .milliseconds(4_999) }
    #expect(putOffs.isAnotherCopy("a"))
    time.withLock { $0 = .seconds(5) }
    #expect(!putOffs.isAnotherCopy("a"), "the copy that was put off may not be dropped")
  }
}
