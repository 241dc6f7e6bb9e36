// SPDX-License-Identifier: MIT OR Apache-2.0
// All typed commands in one: what Client, Pipeline, Transaction and the others that commands are issued with inherit.
//
// Each method makes the arguments of its command and hands them to `Derived::read<T>(Arguments)` or, if the command can be
// buffered during an outage, to `Derived::write<T>(Arguments)`; T is what its reply is read as. These give a Read<T> or a
// Write<T>: for a client a T and an Answer<T>, for a pipeline itself, for others a future or what can be awaited. A command
// without a method here is issued with command<T>(...).
//
// The views and containers that are given to a method are read before it returns.

#ifndef RESILIENT_REDIS_COMMANDS_COMMANDS_HPP
#define RESILIENT_REDIS_COMMANDS_COMMANDS_HPP

#include "geo.hpp"
#include "hashes.hpp"
#include "keys.hpp"
#include "lists.hpp"
#include "scanning.hpp"
#include "scripting.hpp"
#include "server.hpp"
#include "sets.hpp"
#include "sorted_sets.hpp"
#include "streams.hpp"
#include "strings.hpp"

namespace rr {

template <class Derived, template <class> class Read, template <class> class Write>
class Commands : public StringCommands<Derived, Read, Write>,
                 public KeyCommands<Derived, Read, Write>,
                 public HashCommands<Derived, Read, Write>,
                 public ListCommands<Derived, Read, Write>,
                 public SetCommands<Derived, Read, Write>,
                 public SortedSetCommands<Derived, Read, Write>,
                 public GeoCommands<Derived, Read, Write>,
                 public StreamCommands<Derived, Read, Write>,
                 public ScriptingCommands<Derived, Read, Write>,
                 public ServerCommands<Derived, Read, Write>,
                 public ScanCommands<Derived, Read, Write> {};

} // namespace rr

// DirectCommands: Commands, and what only something that waits for its replies can have.
#include "direct.hpp"

#endif
